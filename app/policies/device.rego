# What may only be done from a device that its user has registered.
package yoto.authz

deny contains "missing:data.device" if not device_document

device_document if {
	is_array(data.device.required)
	is_array(data.device.servers)
}

device_judged if {
	some name in names
	name in data.device.required
}

device_judged if {
	server_device_judged
	not input.resource.server.device_required == false
}

server_device_judged if {
	in_server
	some name in names
	name in data.device.servers
}

deny contains "missing:resource.server.device_required" if {
	server_device_judged
	not is_boolean(input.resource.server.device_required)
}

deny contains "missing:context.device.registered" if {
	device_judged
	not is_boolean(input.context.device.registered)
}

deny contains "device_not_registered" if {
	device_judged
	input.context.device.registered == false
}
