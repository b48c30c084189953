# New members look around before they upload.
package yoto.authz

deny contains "account_too_new" if {
	"picture.upload" in names
	not old_enough
}

old_enough if input.subject.account_age_days >= data.gallery.minimum_age_days
