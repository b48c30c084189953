# Permissions that need a device that its user has registered.
package yoto.authz

deny contains "missing:data.device" if not device_document

device_document if {
	is_array(data.device.required)
	is_array(data.device.servers)
}

deny contains code if {
	some name in names
	name in data.device.required
	some code in device_problems
}

deny contains code if {
	in_server
	some name in names
	name in data.device.servers
	not input.resource.server.device_required == false
	some code in server_device_problems
}

server_device_problems contains code if some code in device_problems

server_device_problems contains "missing:resource.server.device_required" if {
	not is_boolean(input.resource.server.device_required)
}

device_problems contains "missing:context.device.registered" if {
	not is_boolean(input.context.device.registered)
}

device_problems contains "device_not_registered" if input.context.device.registered == false
