# Permissions denied while the system is overloaded, failing, in maintenance, or in an emergency.
package yoto.authz

import data.yoto.authz.lib

deny contains "missing:data.environment" if not environment_document

environment_document if {
	is_object(data.environment.load)
	is_object(data.environment.error_rate)
	is_array(data.environment.maintenance)
	is_array(data.environment.emergency)
}

load_limits contains limit if {
	some name in names
	limit := data.environment.load[name]
}

error_limits contains limit if {
	some name in names
	limit := data.environment.error_rate[name]
}

deny contains "missing:context.environment.load" if {
	count(load_limits) > 0
	not is_number(input.context.environment.load)
}

deny contains "system_overloaded" if {
	is_number(input.context.environment.load)
	some limit in load_limits
	not lib.at_most(input.context.environment.load, limit)
}

deny contains "missing:context.environment.error_rate" if {
	count(error_limits) > 0
	not is_number(input.context.environment.error_rate)
}

deny contains "system_failing" if {
	is_number(input.context.environment.error_rate)
	some limit in error_limits
	not lib.at_most(input.context.environment.error_rate, limit)
}

deny contains code if {
	some name in names
	name in data.environment.maintenance
	not input.context.environment.maintenance == false
	some code in maintenance_problems
}

maintenance_problems contains "missing:context.environment.maintenance" if {
	not is_boolean(input.context.environment.maintenance)
}

maintenance_problems contains "in_maintenance" if input.context.environment.maintenance == true

deny contains code if {
	some name in names
	name in data.environment.emergency
	not input.context.environment.emergency == false
	some code in emergency_problems
}

emergency_problems contains "missing:context.environment.emergency" if {
	not is_boolean(input.context.environment.emergency)
}

emergency_problems contains "in_emergency" if input.context.environment.emergency == true
