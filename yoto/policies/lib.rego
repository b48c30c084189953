# Helpers of several policies. Nothing here decides.
package yoto.authz.lib

strings(values) if {
	is_array(values)
	every value in values {
		is_string(value)
	}
}

# Numbers only: Rego orders values of different types too, and any text is above any number.
at_most(value, limit) if {
	is_number(value)
	is_number(limit)
	value <= limit
}

at_least(value, limit) if at_most(limit, value)

# Addresses as the platform writes them; any other name of a peer lies in no network. Texts are read
# without patterns, since an engine may compile those anew for each decision.
address(value) if {
	is_string(value)
	value != ""
	trim(value, "0123456789abcdef:.") == ""
}

inside(cidrs, ip) if {
	some cidr in cidrs
	net.cidr_contains(cidr, ip)
}

# Said of each network, so that one which cannot be read makes the whole untrue.
outside(cidrs, ip) if {
	is_array(cidrs)
	every cidr in cidrs {
		is_string(cidr)
		net.cidr_contains(cidr, ip) == false
	}
}

# Whether the time of the input lies in a window: {"days": ["mon", ...], "from": "08:00",
# "to": "18:00"}. A window whose end is before its start goes on over midnight and belongs to the
# day on which it begins.
within(window, zone) if {
	hour_and_minute(window.from)
	hour_and_minute(window.to)
	[day, now] := local(zone)
	open_at(window, day, now)
}

open_at(window, day, now) if {
	window.from <= window.to
	now >= window.from
	now < window.to
	day in window.days
} else if {
	window.from > window.to
	now >= window.from
	day in window.days
} else if {
	window.from > window.to
	now < window.to
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

# Day and time of the day in a time zone, written as windows write them.
local(zone) := [day, now] if {
	moment := [input.context.time * 1000000000, zone]
	[hour, minute, _] := time.clock(moment)
	day := lower(substring(time.weekday(moment), 0, 3))
	digits := sprintf("%d", [10000 + (100 * hour) + minute])
	now := concat(":", [substring(digits, 1, 2), substring(digits, 3, 2)])
}

# "hh:mm". Such texts are in the order of the times that they say.
hour_and_minute(text) if {
	is_string(text)
	trim(text, "0123456789") == ":"
	count(text) == 5
	substring(text, 2, 1) == ":"
	text < "30"
	substring(text, 3, 1) < "6"
}
