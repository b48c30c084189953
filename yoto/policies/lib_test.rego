package yoto.authz_test

# 2026-11-24 was a Tuesday.
lib_noon := 1795521600

lib_window := {"days": ["tue"], "from": "08:00", "to": "13:00"}

lib_night := {"days": ["mon"], "from": "22:00", "to": "06:30"}

lib_early := 1795500000

test_lib_a_moment_in_the_window_is_within if {
	data.yoto.authz.lib.within(lib_window, "UTC") with input as {"context": {"time": lib_noon}}
}

test_lib_the_end_is_not_within if {
	not data.yoto.authz.lib.within(object.union(lib_window, {"to": "12:00"}), "UTC") with input as {"context": {"time": lib_noon}}
}

test_lib_the_zone_counts if {
	not data.yoto.authz.lib.within(lib_window, "Europe/Berlin") with input as {"context": {"time": lib_noon}}
}

test_lib_another_day_is_not_within if {
	not data.yoto.authz.lib.within(object.union(lib_window, {"days": ["wed"]}), "UTC") with input as {"context": {"time": lib_noon}}
}

test_lib_a_night_belongs_to_the_day_it_begins_on if {
	data.yoto.authz.lib.within(lib_night, "UTC") with input as {"context": {"time": lib_early}}
	not data.yoto.authz.lib.within(object.union(lib_night, {"days": ["tue"]}), "UTC") with input as {"context": {"time": lib_early}}
}

test_lib_a_whole_day_is_within if {
	data.yoto.authz.lib.within({"days": ["tue"], "from": "00:00", "to": "24:00"}, "UTC") with input as {"context": {"time": lib_noon}}
}

test_lib_hours_that_are_none_hold_nothing if {
	not data.yoto.authz.lib.within({"days": ["tue"], "from": "8", "to": "24:00"}, "UTC") with input as {"context": {"time": lib_noon}}
	not data.yoto.authz.lib.within({"days": ["tue"], "from": "08:00"}, "UTC") with input as {"context": {"time": lib_noon}}
}

test_lib_numbers_alone_are_compared if {
	data.yoto.authz.lib.at_most(3, 3)
	not data.yoto.authz.lib.at_most(4, 3)
	not data.yoto.authz.lib.at_most("0", 3)
	not data.yoto.authz.lib.at_most(null, 3)
	not data.yoto.authz.lib.at_least("9", 3)
}

test_lib_networks if {
	data.yoto.authz.lib.inside(["192.0.2.0/24", "10.0.0.0/8"], "10.2.3.4")
	not data.yoto.authz.lib.outside(["192.0.2.0/24", "10.0.0.0/8"], "10.2.3.4")
	data.yoto.authz.lib.outside(["192.0.2.0/24"], "10.2.3.4")
	data.yoto.authz.lib.outside(["192.0.2.0/24"], "2001:db8::1")
	not data.yoto.authz.lib.outside("10.0.0.0/8", "192.0.2.1")
	not data.yoto.authz.lib.inside([], "192.0.2.1")
}

test_lib_what_is_an_address if {
	data.yoto.authz.lib.address("10.2.3.4")
	data.yoto.authz.lib.address("2001:db8::1")
	not data.yoto.authz.lib.address("unix:")
	not data.yoto.authz.lib.address("10.2.3.0/24")
	not data.yoto.authz.lib.address(null)
}
