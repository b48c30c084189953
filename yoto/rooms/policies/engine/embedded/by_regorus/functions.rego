# The functions that policies call where regorus gives another value than OPA for some arguments: the
# same value, or an error, which denies and names the way round.
package yoto_regorus

ascii(text) if regex.match("^[\\x00-\\x7f]*$", text)

exact(number) if {
	is_number(number)
	abs(number) <= 9007199254740992
}

whole(number) if {
	exact(number)
	round(number) == number
}

between(number) if {
	number > -1
	number < 0
}

floor_checked(number) := floor(number) if {
	not between(number)
} else := to_number("yoto: floor of a number between -1 and 0, for which OPA has 0: compare the number itself")

ceil_checked(number) := ceil(number) if {
	not between(number)
} else := to_number("yoto: ceil of a number between -1 and 0, for which OPA has 1: compare the number itself")

upper_checked(text) := upper(text) if {
	ascii(text)
} else := to_number("yoto: upper of a text that is not ASCII: compare with lower")

format_int_checked(number, base) := format_int(number, base) if {
	exact(number)
	not between(number)
} else := to_number("yoto: format_int of a number between -1 and 0, beyond 2^53, or of no number")

object_subset_checked(whole_one, part) := object.subset(whole_one, part) if {
	is_object(whole_one)
	is_object(part)
	not mixed(whole_one, part)
} else := object.subset(whole_one, part) if {
	is_set(whole_one)
	is_set(part)
} else := object.subset(whole_one, part) if {
	is_array(whole_one)
	is_array(part)
	count(part) > 0
} else := to_number("yoto: object.subset of objects that hold a set or an empty array, of an empty array, or of other values than two objects, two sets or two arrays: compare their parts")

# A set or an empty array anywhere in an object, for which the engines differ.
mixed(whole_one, part) if {
	some one in [whole_one, part]
	walk(one, [_, inner])
	is_set(inner)
}

mixed(_, part) if {
	walk(part, [_, inner])
	inner == []
}

# Some hundreds of each unit are a double.
few(text) if regex.match(`^"?[+-]?(?:[0-9]{1,2}[A-Za-z]*|[0-9]{3}(?:[KkMmGgTtPp][Ii]?[Bb]?)?)"?$`, text)

units_parse_checked(text) := units.parse(text) if {
	few(text)
} else := found if {
	plain_units(text)
	found := units.parse(text)
	exact(found)
} else := to_number("yoto: units.parse of what is no number of at most 15 digits with a unit: write it out in a data document")

units_parse_bytes_checked(text) := units.parse_bytes(text) if {
	few(text)
} else := found if {
	plain_units(text)
	found := units.parse_bytes(text)
	whole(found)
	whole_bytes(text)
} else := 0 if {
	regex.match(`^"?[+-]?(?:0+\.0*|\.0+)"?$`, text)
} else := floor(exactly) if {
	# Regorus rounds to whole bytes, and OPA takes the fraction off.
	regex.match(`^[0-9]{1,4}\.[0-9]{1,4}[KkMm][Ii]?[Bb]?$`, text)
	unit := trim_left(text, "0123456789.")
	exactly := to_number(trim_suffix(text, unit)) * units.parse_bytes(concat("", ["1", unit]))
	rest := exactly - floor(exactly)
	rest > 0.05
	rest < 0.95
} else := to_number("yoto: units.parse_bytes of what is no whole number of bytes of at most 15 digits with a unit: write it out in a data document")

plain_units(text) if {
	regex.match(`^"?[+-]?(?:[0-9]{1,15}|[0-9]{0,8}\.[0-9]{1,7})(?:[eE][+-]?[0-9]{1,2})?[A-Za-z]*"?$`, text)
}

# With a fraction, the unit has to make whole bytes of it.
whole_bytes(text) if {
	not contains(text, ".")
	not contains(text, "-")
}

whole_bytes(text) if regex.match(`\.[0-9]{1,2}[eE][0-9]{1,2}"?(?:[KkMmGgTt][Ii]?)?[Bb]?"?$`, text)

whole_bytes(text) if regex.match(`\.(?:5|25|50|75|0+)"?[KkMmGg]i[Bb]?"?$`, text)

whole_bytes(text) if regex.match(`\.[0-9]{1,3}"?[KkMmGg][Bb]?"?$`, text)

semver_is_valid_checked(text) := semver.is_valid(text) if {
	not v(text)
} else := to_number("yoto: semver.is_valid of a text that begins with v: take it off by trim_prefix")

v(text) if {
	is_string(text)
	startswith(text, "v")
}

strings_replace_n_checked(patterns, text) := strings.replace_n(patterns, text) if {
	every old, new in patterns {
		count(old) == 1
		ascii(old)
		every other, _ in patterns {
			not contains(new, other)
		}
	}
} else := text if {
	is_string(text)
	every old, new in patterns {
		is_string(new)
		old != ""
		not contains(text, old)
	}
} else := to_number("yoto: strings.replace_n of texts of several characters, or for what another one replaces: use replace")

strings_count_checked(text, part) := count(split(text, part)) - 1 if {
	part != ""
} else := to_number("yoto: strings.count of an empty text")

urlquery_encode_checked(text) := urlquery.encode(text) if {
	encodable(text)
} else := to_number("yoto: urlquery.encode of a text with ~ or *")

encodable(text) if {
	not contains(text, "~")
	not contains(text, "*")
}

urlquery_encode_object_checked(object_) := urlquery.encode_object(object_) if {
	every key, value in object_ {
		encodable(key)
		every one in as_texts(value) {
			encodable(one)
		}
	}
} else := to_number("yoto: urlquery.encode_object of texts with ~ or *")

as_texts(value) := [value] if {
	is_string(value)
} else := value

urlquery_decode_checked(text) := urlquery.decode(text) if {
	decodable(text)
} else := to_number("yoto: urlquery.decode of a text with other characters than an encoded one has")

urlquery_decode_object_checked(text) := urlquery.decode_object(text) if {
	decodable(text)
} else := to_number("yoto: urlquery.decode_object of a text with other characters than an encoded one has")

decodable(text) if regex.match(`^(?:[A-Za-z0-9 _.~*=+-]|%[0-7][0-9A-Fa-f])*(?:&(?:[A-Za-z0-9 _.~*=+-]|%[0-7][0-9A-Fa-f])+)*$`, text)

bits_lsh_checked(number, by) := found if {
	whole(number)
	found := bits.lsh(number, by)
	exact(found)
} else := to_number("yoto: bits.lsh beyond 2^53: multiply by a power of two")

bits_rsh_checked(number, by) := bits.rsh(number, by) if {
	whole(number)
} else := to_number("yoto: bits.rsh of no whole number up to 2^53: divide by a power of two")

time_add_date_checked(at, years, months, days) := time.add_date(at, years, months, days) if {
	every one in [years, months, days] {
		whole(one)
	}
	months > -12
} else := to_number("yoto: time.add_date of less than -11 months, or of fractions: take years and months apart")

time_diff_checked(one, other) := time.diff(one, other) if {
	is_number(one)
	is_number(other)
} else := to_number("yoto: time.diff in a time zone: give nanoseconds, which are UTC")

time_format_checked(at) := time.format(at) if {
	is_number(at)
} else := to_number("yoto: time.format with a zone or a layout: use time.date and time.clock")

sprintf_checked(format, values) := sprintf(format, values) if {
	not strange(format, values)
} else := to_number("yoto: sprintf of %d with what is no whole number from 0 to 2^53, of %s with no text, or of %v with a large number or a fraction: write -1 as text, and other values with %v")

# The values that regorus writes otherwise, verb by verb.
strange(format, values) if {
	verbs := [verb | some verb in regex.find_n("%[vds%]", format, -1); verb != "%%"]
	some index, verb in verbs
	not written_alike(verb, values[index])
}

written_alike("%d", value) if {
	whole(value)
	value >= 0
}

written_alike("%s", value) if is_string(value)

written_alike("%s", value) if is_boolean(value)

written_alike("%s", value) if is_null(value)

written_alike("%v", value) if not is_number(value)

written_alike("%v", value) if whole(value)

# With more digits, or fewer, OPA writes an exponent.
written_alike("%v", value) if {
	is_number(value)
	abs(value) < 100000
	abs(value) > 0.001
}

# Versions 1 to 5 of RFC 4122, those with a time from 1980 to 2250: for others, engines differ in
# the variant and the time.
uuid_parse_checked(text) := uuid.parse(text) if {
	hex := replace(trim_suffix(trim_prefix(trim_prefix(text, "urn:uuid:"), "{"), "}"), "-", "")
	regex.match(`^[0-9A-Fa-f]{12}(?:[3-5][0-9A-Fa-f]|[12](?:1[C-Fc-f]|2[0-9A-Ca-c]))`, hex)
	regex.match(`^[0-9A-Fa-f]{16}[89ABab][0-9A-Fa-f]{15}$`, hex)
	regex.match(`^(?:(?:urn:uuid:)?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}|[0-9A-Fa-f]{32})$`, text)
} else := to_number("yoto: uuid.parse of a text that is no UUID of RFC 4122, or with a time before 1980: check it by regex.match first")

# An object in the place of a pattern. OPA matches one that has its fields and no other.
shaped(value, shapes) := value if {
	fit(value, shapes)
}

fits(value, path, keys) if {
	walk(value, [at, inner])
	at == path
	is_object(inner)
	object.keys(inner) == keys
}

having(collection, of_keys, of_values) := found if {
	is_set(collection)
	found := {one |
		some one in collection
		fit(one, of_keys)
		fit(one, of_values)
	}
}

having(collection, of_keys, of_values) := found if {
	not is_set(collection)
	found := {key: value |
		some key, value in collection
		fit(key, of_keys)
		fit(value, of_values)
	}
}

fit(value, shapes) if {
	every shape in shapes {
		fits(value, shape[0], shape[1])
	}
}

json_filter_checked(object_, paths) := json.filter(object_, paths) if {
	not crossing(object_, paths)
} else := to_number("yoto: json.filter of paths that are inside each other, that go through what is no object and no array, or with an empty part: use object.filter")

json_remove_checked(object_, paths) := json.remove(object_, paths) if {
	not crossing(object_, paths)
} else := to_number("yoto: json.remove of paths that are inside each other, that go through what is no object and no array, or with an empty part: use object.remove")

crossing(object_, _) if not is_object(object_)

crossing(_, paths) if {
	some one in paths
	"" in parts(one)
}

crossing(_, paths) if {
	some one in paths
	some other in paths
	one != other
	mine := parts(one)
	theirs := parts(other)
	array.slice(theirs, 0, count(mine)) == mine
}

crossing(object_, paths) if {
	some one in paths
	names := parts(one)
	walk(object_, [at, inner])
	not is_object(inner)
	not is_array(inner)
	count(at) < count(names)
	[sprintf("%v", [part]) | some part in at] == array.slice(names, 0, count(at))
}

parts(path) := found if {
	is_string(path)
	found := split(path, "/")
}

parts(path) := found if {
	is_array(path)
	found := [sprintf("%v", [part]) | some part in path]
}

# Each number of a range is made whole, in memory.
numbers_range_checked(from, to) := numbers.range(from, to) if {
	whole(from)
	whole(to)
	abs(to - from) <= 10000
} else := to_number("yoto: numbers.range of fractions, or with ends more than 10,000 apart: compare with < and >")

# The texts that both libraries take for a pattern, and those that both refuse.
regex_is_valid_checked(pattern) := false if {
	not is_string(pattern)
} else := true if {
	regex.match(`^(?:(?:[A-Za-z0-9 _@/:,=<>!#%&~"';.-]|\\[.+*?^$|()\[\]{}\\]|\[[A-Za-z0-9_ ]+\])(?:[*+?]\??)?|[\^$])*$`, pattern)
} else := false if {
	regex.match(`^[*+?]`, pattern)
} else := to_number("yoto: regex.is_valid of a pattern with groups, ranges or counts: write the pattern out in regex.match")

# A date alone; years beyond are no nanoseconds of 64 bits.
time_parse_ns_checked(layout, text) := time.parse_ns(layout, text) if {
	layout == "2006-01-02"
	regex.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, text)
	text >= "1678-01-01"
	text < "2262-01-01"
} else := to_number("yoto: time.parse_ns of another layout than 2006-01-02, or of no such date: use time.parse_rfc3339_ns")
