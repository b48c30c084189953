# Networks and accounts that are known for attacks, each with its source and its end
# (epoch seconds).
package yoto.authz

import data.yoto.authz.lib

deny contains "missing:data.threat" if not threat_document

threat_document if {
	is_array(data.threat.permissions)
	is_array(data.threat.networks)
	is_array(data.threat.accounts)
}

threat_judged if {
	threat_document
	count(data.threat.networks) + count(data.threat.accounts) > 0
	some name in names
	name in data.threat.permissions
}

# One rule, since there is nothing to look at in most decisions.
deny contains code if {
	threat_judged
	some code in threat_found
}

threat_found contains "missing:data.threat" if not threat_entries

threat_entries if {
	every entry in data.threat.networks {
		is_string(entry.cidr)
		is_string(entry.source)
		threat_end(entry.until)
	}
	every entry in data.threat.accounts {
		threat_account_id(entry.id)
		is_string(entry.source)
		threat_end(entry.until)
	}
}

# Where the application's people have texts as ids, accounts are listed by these: a number there
# would match none of them. A program has a number everywhere.
threat_account_id(id) if {
	type_name(id) in {"number", "string"}
	type_name(id) == type_name(input.subject.id)
}

threat_account_id(id) if {
	is_string(id)
	is_program(input.subject.id)
}

# Programs are numbered from 2^62 on, whatever people have for ids.
is_program(id) if {
	is_number(id)
	id >= 4611686018427387904
}

threat_end(until) if until == null

threat_end(until) if is_number(until)

# An entry without an end has none, and without a clock nothing has ended.
threat_over(entry) if {
	is_number(entry.until)
	is_number(input.context.time)
	entry.until <= input.context.time
}

threat_networks contains entry.cidr if {
	some entry in data.threat.networks
	is_string(entry.cidr)
	not threat_over(entry)
}

threat_found contains "missing:context.ip" if {
	count(threat_networks) > 0
	not lib.address(input.context.ip)
}

threat_found contains "threat_network" if {
	lib.address(input.context.ip)
	lib.inside(threat_networks, input.context.ip)
}

threat_found contains "threat_account" if {
	some entry in data.threat.accounts
	entry.id == input.subject.id
	not threat_over(entry)
}
