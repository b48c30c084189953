# What several policies need. Nothing here decides.
package yoto.authz.lib

strings(values) if {
	is_array(values)
	every value in values {
		is_string(value)
	}
}

null_or_object(value) if value == null

null_or_object(value) if is_object(value)

# Numbers only: Rego orders values of different types too, and any text is above any number.
at_most(value, limit) if {
	is_number(value)
	is_number(limit)
	value <= limit
}

at_least(value, limit) if at_most(limit, value)

# Addresses as the platform writes them; what else a peer may be called lies in no network.
address(value) if {
	is_string(value)
	regex.match(`^[0-9a-f:.]+$`, value)
}

inside(cidrs, ip) if {
	some cidr in cidrs
	net.cidr_contains(cidr, ip)
}

# Said of each network, so that one which cannot be read makes the whole untrue.
outside(cidrs, ip) if {
	is_array(cidrs)
	every cidr in cidrs {
		net.cidr_contains(cidr, ip) == false
	}
}

# Whether the time of the input lies in a window: {"days": ["mon", ...], "from": "08:00",
# "to": "18:00"}. A window whose end is before its start goes on over midnight and belongs to the
# day on which it begins.
within(window, zone) if {
	[day, minute] := local(zone)
	minutes(window.from) <= minutes(window.to)
	minute >= minutes(window.from)
	minute < minutes(window.to)
	day in window.days
}

within(window, zone) if {
	[day, minute] := local(zone)
	minutes(window.from) > minutes(window.to)
	minute >= minutes(window.from)
	day in window.days
}

within(window, zone) if {
	[day, minute] := local(zone)
	minutes(window.from) > minutes(window.to)
	minute < minutes(window.to)
	day_before[day] in window.days
}

day_before := {
	"mon": "sun",
	"tue": "mon",
	"wed": "tue",
	"thu": "wed",
	"fri": "thu",
	"sat": "fri",
	"sun": "sat",
}

# Day and minute of the day in a time zone.
local(zone) := [day, minute] if {
	nanoseconds := input.context.time * 1000000000
	[hour, minute_of_hour, _] := time.clock([nanoseconds, zone])
	day := lower(substring(time.weekday([nanoseconds, zone]), 0, 3))
	minute := (hour * 60) + minute_of_hour
}

# The 1 in front keeps "08" from being no number.
minutes(text) := ((60 * (to_number(concat("", ["1", hour])) - 100)) + to_number(concat("", ["1", minute]))) - 100 if {
	regex.match(`^[0-2][0-9]:[0-5][0-9]$`, text)
	[hour, minute] := split(text, ":")
}
