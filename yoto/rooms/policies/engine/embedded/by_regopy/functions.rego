# The functions that policies call where regopy reads values otherwise than the other engines do: the
# same value, or an error. The character between quotes that seems empty is U+E000, see writing.py.
package yoto_regopy

plain(text) if {
	is_string(text)
	not contains(text, "")
}

ascii(text) if {
	is_string(text)
	trim(text, " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~") == ""
}

rank(value) := 0 if {
	is_null(value)
} else := 1 if {
	is_boolean(value)
} else := 2 if {
	is_number(value)
} else := 3 if {
	is_string(value)
} else := 4 if {
	is_array(value)
} else := 5 if {
	is_object(value)
} else := 6

# The order of values of any type.
lt(a, b) := a < b if {
	is_number(a)
	is_number(b)
} else := a < b if {
	plain(a)
	plain(b)
} else := rank(a) < rank(b) if {
	rank(a) != rank(b)
} else := [a, b] == [false, true] if {
	is_boolean(a)
} else := false if {
	is_null(a)
} else := to_number("yoto: < of collections, or of texts with quotes, backslashes or controls")

le(a, b) := lt(b, a) == false

gt(a, b) := lt(b, a)

ge(a, b) := lt(a, b) == false

count_checked(value) := count(value) if {
	not is_string(value)
} else := count(value) if {
	ascii(value)
} else := to_number("yoto: count of a text that is not printable ASCII")

concat_checked(delimiter, texts) := concat(delimiter, texts) if {
	not is_set(texts)
} else := to_number("yoto: concat of a set")

glob_match_checked(pattern, delimiters, text) := glob.match(pattern, delimiters, text) if {
	ascii(text)
	count(text) <= 1000
} else := to_number("yoto: glob.match of a text that is not printable ASCII, or has more than 1000 characters")

indexof_checked(text, part) := indexof(text, part) if {
	ascii(text)
} else := to_number("yoto: indexof in a text that is not printable ASCII")

lower_checked(text) := lower(text) if {
	ascii(text)
} else := to_number("yoto: lower of a text that is not printable ASCII")

regex_match_checked(pattern, text) := regex.match(pattern, text) if {
	ascii(text)
	count(text) <= 200
} else := to_number("yoto: regex.match of a text that is not printable ASCII, or has more than 200 characters")

replace_checked(text, old, new) := replace(text, old, new) if {
	old != ""
} else := to_number("yoto: replace of an empty text")

round_checked(number) := round(number) if {
	number > -9007199254740992
	number < 9007199254740992
} else := to_number("yoto: round of a number that is larger than 2^53")

split_checked(text, delimiter) := split(text, delimiter) if {
	delimiter != ""
} else := to_number("yoto: split by an empty text")

sprintf_checked(format, values) := sprintf(format, values) if {
	every value in values {
		rank(value) < 4
	}
} else := to_number("yoto: sprintf of a collection")

substring_checked(text, offset, length) := substring(text, offset, length) if {
	ascii(text)
	is_number(offset)
	is_number(length)
} else := to_number("yoto: substring of a text that is not printable ASCII")

sum_checked(numbers) := sum(numbers) if {
	every number in numbers {
		is_number(number)
	}
} else := to_number("yoto: sum of what are no numbers")

to_number_checked(value) := to_number(value) if {
	not is_string(value)
} else := to_number(value) if {
	regex.match("^-?(0|[1-9][0-9]*)([.][0-9]+)?$", value)
} else := to_number("yoto: to_number of what is no plain number")

trim_checked(text, characters) := trim(text, characters) if {
	plain(text)
	plain(characters)
} else := to_number("yoto: trim of a text with quotes, backslashes or controls")

# Addresses are compared as texts of bits.
four(text) := concat("", [data.yoto_regopy_tables.octets[part] | some part in split(text, ".")])

group(text) := concat("", [data.yoto_regopy_tables.digits[digit] | some digit in split(concat("", [substring("0000", count(text), -1), text]), "")]) if {
	count(text) > 0
	count(text) < 5
}

groups(text) := [] if {
	text == ""
} else := found if {
	parts := split(text, ":")
	found := [group(part) | some part in parts]
	count(found) == count(parts)
}

# Parts are taken by their places: an array pattern would be looked for in all of a table.
six(text) := concat("", groups(text)) if {
	not contains(text, "::")
} else := concat("", array.concat(array.concat(left, array.slice(data.yoto_regopy_tables.zeros, count(left) + count(right), 8)), right)) if {
	ends := split(text, "::")
	count(ends) == 2
	left := groups(ends[0])
	right := groups(ends[1])
	count(left) + count(right) < 8
}

address(text) := [4, bits] if {
	bits := four(text)
	count(split(text, ".")) == 4
	count(bits) == 32
} else := [6, bits] if {
	bits := six(text)
	count(bits) == 128
} else := to_number(concat("", ["yoto: no address: ", text]))

network(text) := [found[0], substring(found[1], 0, data.yoto_regopy_tables.sizes[parts[1]])] if {
	parts := split(text, "/")
	count(parts) == 2
	found := address(parts[0])
	data.yoto_regopy_tables.sizes[parts[1]] <= count(found[1])
} else := to_number(concat("", ["yoto: no network: ", text]))

inside(text) := network(text) if {
	contains(text, "/")
} else := address(text)

net_cidr_contains_checked(cidr, other) := begins(network(cidr), inside(other))

begins(prefix, whole) := startswith(whole[1], prefix[1]) if {
	prefix[0] == whole[0]
} else := false
