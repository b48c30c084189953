CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE categories (
	id INTEGER NOT NULL,
	server_id INTEGER NOT NULL,
	name VARCHAR(100) NOT NULL,
	position INTEGER DEFAULT '0' NOT NULL,
	CONSTRAINT pk_categories PRIMARY KEY (id),
	CONSTRAINT fk_categories_server_id FOREIGN KEY(server_id) REFERENCES servers (id) ON DELETE CASCADE
);

CREATE TABLE "channels" (
	id INTEGER NOT NULL,
	server_id INTEGER NOT NULL,
	category_id INTEGER,
	name VARCHAR(100) NOT NULL,
	kind VARCHAR(16) DEFAULT 'text' NOT NULL,
	topic VARCHAR(500) DEFAULT ('') NOT NULL,
	position INTEGER DEFAULT '0' NOT NULL,
	synced BOOLEAN DEFAULT 0 NOT NULL,
	sensitivity INTEGER DEFAULT '0' NOT NULL,
	hours JSON,
	external_id VARCHAR(256),
	CONSTRAINT pk_channels PRIMARY KEY (id),
	CONSTRAINT fk_channels_server_id FOREIGN KEY(server_id) REFERENCES servers (id) ON DELETE CASCADE,
	CONSTRAINT ck_channels_channelkind CHECK (kind IN ('text', 'announcement')),
	CONSTRAINT fk_channels_category_id FOREIGN KEY(category_id) REFERENCES categories (id) ON DELETE SET NULL,
	CONSTRAINT uq_channels_server_id_external_id UNIQUE (server_id, external_id)
);

CREATE TABLE invites (
	id INTEGER NOT NULL,
	server_id INTEGER NOT NULL,
	code VARCHAR(32) NOT NULL,
	created_by INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	expires_at DATETIME,
	max_uses INTEGER,
	uses INTEGER DEFAULT '0' NOT NULL,
	CONSTRAINT pk_invites PRIMARY KEY (id),
	CONSTRAINT fk_invites_created_by FOREIGN KEY(created_by) REFERENCES users (id),
	CONSTRAINT fk_invites_server_id FOREIGN KEY(server_id) REFERENCES servers (id) ON DELETE CASCADE,
	CONSTRAINT uq_invites_code UNIQUE (code)
);

CREATE TABLE members (
	id INTEGER NOT NULL,
	server_id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	nickname VARCHAR(64),
	timeout_until DATETIME,
	banned BOOLEAN DEFAULT 0 NOT NULL,
	ban_reason VARCHAR(500),
	joined_at DATETIME NOT NULL,
	CONSTRAINT pk_members PRIMARY KEY (id),
	CONSTRAINT fk_members_server_id FOREIGN KEY(server_id) REFERENCES servers (id) ON DELETE CASCADE,
	CONSTRAINT fk_members_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_members_server_id_user_id UNIQUE (server_id, user_id)
);

CREATE TABLE messages (
	id INTEGER NOT NULL,
	channel_id INTEGER NOT NULL,
	author_id INTEGER NOT NULL,
	content VARCHAR(4000) NOT NULL,
	created_at DATETIME NOT NULL,
	edited_at DATETIME,
	deleted_at DATETIME,
	pinned_at DATETIME,
	pinned_by INTEGER,
	CONSTRAINT pk_messages PRIMARY KEY (id),
	CONSTRAINT fk_messages_author_id FOREIGN KEY(author_id) REFERENCES users (id),
	CONSTRAINT fk_messages_channel_id FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
	CONSTRAINT fk_messages_pinned_by FOREIGN KEY(pinned_by) REFERENCES users (id)
);

CREATE TABLE recovery_codes (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	code_hash VARCHAR(64) NOT NULL,
	used_at DATETIME,
	CONSTRAINT pk_recovery_codes PRIMARY KEY (id),
	CONSTRAINT fk_recovery_codes_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_recovery_codes_code_hash UNIQUE (code_hash)
);

CREATE TABLE second_factors (
	user_id INTEGER NOT NULL,
	secret TEXT NOT NULL,
	last_step INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	confirmed_at DATETIME,
	CONSTRAINT pk_second_factors PRIMARY KEY (user_id),
	CONSTRAINT fk_second_factors_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE servers (
	id INTEGER NOT NULL,
	name VARCHAR(100) NOT NULL,
	description VARCHAR(500) DEFAULT '' NOT NULL,
	owner_id INTEGER NOT NULL,
	public BOOLEAN DEFAULT 0 NOT NULL,
	created_at DATETIME NOT NULL, time_zone VARCHAR(64) DEFAULT 'UTC' NOT NULL, access_hours JSON, blocked_networks JSON, device_required BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT pk_servers PRIMARY KEY (id),
	CONSTRAINT fk_servers_owner_id FOREIGN KEY(owner_id) REFERENCES users (id)
);

CREATE TABLE "users" (
	id INTEGER NOT NULL,
	username VARCHAR(32) NOT NULL,
	display_name VARCHAR(64) NOT NULL,
	password_hash VARCHAR(255) NOT NULL,
	disabled BOOLEAN DEFAULT 0 NOT NULL,
	super_admin BOOLEAN DEFAULT 0 NOT NULL,
	token_epoch INTEGER DEFAULT '0' NOT NULL,
	created_at DATETIME NOT NULL,
	clearance INTEGER DEFAULT '0' NOT NULL,
	external_id VARCHAR(256),
	CONSTRAINT pk_users PRIMARY KEY (id),
	CONSTRAINT uq_users_username UNIQUE (username),
	CONSTRAINT uq_users_external_id UNIQUE (external_id)
);

CREATE TABLE yoto_access_requests (
	id INTEGER NOT NULL,
	open_key VARCHAR(64),
	user_id INTEGER NOT NULL,
	permission VARCHAR(128) NOT NULL,
	place VARCHAR(100) NOT NULL,
	reason VARCHAR(500) NOT NULL,
	seconds INTEGER NOT NULL,
	needed INTEGER NOT NULL,
	state VARCHAR(10) NOT NULL,
	approvals JSON NOT NULL,
	created_at DATETIME NOT NULL,
	due_at DATETIME,
	decided_at DATETIME,
	decided_by VARCHAR(128),
	decision VARCHAR(500),
	until DATETIME,
	role_id INTEGER,
	ended_at DATETIME,
	CONSTRAINT pk_yoto_access_requests PRIMARY KEY (id),
	CONSTRAINT uq_yoto_access_requests_open_key UNIQUE (open_key)
);

CREATE TABLE yoto_alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT pk_yoto_alembic_version PRIMARY KEY (version_num)
);

CREATE TABLE yoto_alert_board (
	id INTEGER NOT NULL,
	version INTEGER NOT NULL,
	evaluated_at DATETIME,
	tracks TEXT NOT NULL,
	CONSTRAINT pk_yoto_alert_board PRIMARY KEY (id)
);

CREATE TABLE yoto_alert_deliveries (
	id INTEGER NOT NULL,
	webhook_id INTEGER NOT NULL,
	event VARCHAR(64) NOT NULL,
	body TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	attempts INTEGER NOT NULL,
	settled_at DATETIME,
	delivered BOOLEAN NOT NULL,
	status INTEGER,
	error VARCHAR(200),
	CONSTRAINT pk_yoto_alert_deliveries PRIMARY KEY (id),
	CONSTRAINT fk_yoto_alert_deliveries_webhook_id FOREIGN KEY(webhook_id) REFERENCES yoto_alert_webhooks (id)
);

CREATE TABLE yoto_alert_history (
	id INTEGER NOT NULL,
	alert_id INTEGER,
	kind VARCHAR(64) NOT NULL,
	data TEXT NOT NULL,
	at DATETIME NOT NULL,
	told_at DATETIME,
	CONSTRAINT pk_yoto_alert_history PRIMARY KEY (id),
	CONSTRAINT fk_yoto_alert_history_alert_id FOREIGN KEY(alert_id) REFERENCES yoto_alerts (id)
);

CREATE TABLE yoto_alert_silences (
	id INTEGER NOT NULL,
	rule VARCHAR(64) NOT NULL,
	labels JSON NOT NULL,
	until DATETIME NOT NULL,
	"by" VARCHAR(128) NOT NULL,
	reason VARCHAR(500) NOT NULL,
	created_at DATETIME NOT NULL,
	ended_at DATETIME,
	ended_by VARCHAR(128),
	CONSTRAINT pk_yoto_alert_silences PRIMARY KEY (id)
);

CREATE TABLE "yoto_alert_webhooks" (
	id INTEGER NOT NULL,
	name VARCHAR(64) NOT NULL,
	url TEXT NOT NULL,
	secret VARCHAR(255) NOT NULL,
	min_level VARCHAR(16) NOT NULL,
	created_by VARCHAR(128) NOT NULL,
	created_at DATETIME NOT NULL,
	failures INTEGER NOT NULL,
	next_at DATETIME,
	claimed_until DATETIME,
	removed_at DATETIME, access_requests BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT pk_yoto_alert_webhooks PRIMARY KEY (id)
);

CREATE TABLE "yoto_alerts" (
	id INTEGER NOT NULL,
	open_key VARCHAR(64),
	rule VARCHAR(64) NOT NULL,
	labels JSON NOT NULL,
	level VARCHAR(16) NOT NULL,
	value DOUBLE,
	threshold DOUBLE,
	cause VARCHAR(16) NOT NULL,
	text VARCHAR(500) NOT NULL,
	raised_at DATETIME NOT NULL,
	changed_at DATETIME NOT NULL,
	resolved_at DATETIME,
	acknowledged_at DATETIME,
	acknowledged_by VARCHAR(128),
	note VARCHAR(500),
	told_level VARCHAR(16),
	peak_level VARCHAR(16) NOT NULL,
	peak_value DOUBLE,
	CONSTRAINT pk_yoto_alerts PRIMARY KEY (id),
	CONSTRAINT uq_yoto_alerts_open_key UNIQUE (open_key)
);

CREATE TABLE "yoto_api_tokens" (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	name VARCHAR(100) NOT NULL,
	token_hash VARCHAR(64) NOT NULL,
	rights JSON NOT NULL,
	created_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	last_used_at DATETIME,
	revoked_at DATETIME,
	epoch INTEGER NOT NULL,
	CONSTRAINT pk_yoto_api_tokens PRIMARY KEY (id),
	CONSTRAINT fk_yoto_api_tokens_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_yoto_api_tokens_token_hash UNIQUE (token_hash)
);

CREATE TABLE yoto_applications (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name VARCHAR(100) NOT NULL,
	disabled BOOLEAN DEFAULT 0 NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT uq_yoto_applications_name UNIQUE (name)
);

CREATE TABLE "yoto_audit_records" (
	id INTEGER NOT NULL,
	at DATETIME NOT NULL,
	actor_id INTEGER,
	action VARCHAR(64) NOT NULL,
	subject VARCHAR(110) NOT NULL,
	server_id INTEGER,
	"before" JSON,
	"after" JSON,
	reason VARCHAR(500),
	request_id VARCHAR(64),
	address VARCHAR(64),
	CONSTRAINT pk_yoto_audit_records PRIMARY KEY (id),
	CONSTRAINT fk_yoto_audit_records_actor_id FOREIGN KEY(actor_id) REFERENCES users (id)
);

CREATE TABLE "yoto_channel_overwrites" (
	id INTEGER NOT NULL,
	channel_id INTEGER,
	category_id INTEGER,
	role_id INTEGER,
	user_id INTEGER,
	overwrite_key VARCHAR(128) NOT NULL,
	permission_id INTEGER NOT NULL,
	effect VARCHAR(16) NOT NULL,
	place VARCHAR(100) NOT NULL,
	team_id INTEGER,
	CONSTRAINT pk_yoto_channel_overwrites PRIMARY KEY (id),
	CONSTRAINT fk_yoto_channel_overwrites_channel_id FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
	CONSTRAINT fk_yoto_channel_overwrites_permission_id FOREIGN KEY(permission_id) REFERENCES yoto_permissions (id),
	CONSTRAINT ck_yoto_channel_overwrites_effect CHECK (effect IN ('allow', 'deny')),
	CONSTRAINT fk_yoto_channel_overwrites_category_id FOREIGN KEY(category_id) REFERENCES categories (id) ON DELETE CASCADE,
	CONSTRAINT uq_yoto_channel_overwrites_overwrite_key_permission_id UNIQUE (overwrite_key, permission_id),
	CONSTRAINT fk_yoto_channel_overwrites_role_id FOREIGN KEY(role_id) REFERENCES yoto_roles (id) ON DELETE CASCADE,
	CONSTRAINT fk_yoto_channel_overwrites_team_id FOREIGN KEY(team_id) REFERENCES yoto_teams (id) ON DELETE CASCADE,
	CONSTRAINT ck_yoto_channel_overwrites_one_target CHECK ((role_id IS NOT NULL) + (user_id IS NOT NULL) + (team_id IS NOT NULL) = 1)
);

CREATE TABLE yoto_decision_counts (
	facet VARCHAR(10) NOT NULL,
	span SMALLINT NOT NULL,
	hour INTEGER NOT NULL,
	value VARCHAR(128) NOT NULL,
	allowed BOOLEAN NOT NULL,
	decisions INTEGER NOT NULL,
	CONSTRAINT pk_yoto_decision_counts PRIMARY KEY (facet, span, hour, value, allowed)
);

CREATE TABLE "yoto_decision_records" (
	id INTEGER NOT NULL,
	at DATETIME NOT NULL,
	user_id INTEGER NOT NULL,
	asked VARCHAR(500) NOT NULL,
	operator VARCHAR(3),
	scope VARCHAR(110) NOT NULL,
	allowed BOOLEAN NOT NULL,
	reason VARCHAR(64) NOT NULL,
	weight INTEGER NOT NULL,
	tier VARCHAR(8) NOT NULL,
	position VARCHAR(64),
	policy_version VARCHAR(64),
	mask_hash VARCHAR(16) NOT NULL,
	context JSON,
	request_id VARCHAR(64),
	address VARCHAR(64),
	CONSTRAINT pk_yoto_decision_records PRIMARY KEY (id)
);

CREATE TABLE yoto_devices (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	name VARCHAR(100) NOT NULL,
	token_hash VARCHAR(64) NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT pk_yoto_devices PRIMARY KEY (id),
	CONSTRAINT uq_yoto_devices_token_hash UNIQUE (token_hash),
	CONSTRAINT fk_yoto_devices_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE yoto_emergency_accesses (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	reason VARCHAR(500) NOT NULL,
	taken_at DATETIME NOT NULL,
	until DATETIME NOT NULL,
	ended_at DATETIME,
	CONSTRAINT pk_yoto_emergency_accesses PRIMARY KEY (id),
	CONSTRAINT fk_yoto_emergency_accesses_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE yoto_idempotency_keys (
	id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	idempotency_key VARCHAR(255) NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	status INTEGER,
	headers TEXT,
	body TEXT,
	created_at DATETIME NOT NULL, recorded_at DATETIME,
	CONSTRAINT pk_yoto_idempotency_keys PRIMARY KEY (id),
	CONSTRAINT fk_yoto_idempotency_keys_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_yoto_idempotency_keys_of_user UNIQUE (user_id, idempotency_key)
);

CREATE TABLE yoto_operators (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name VARCHAR(32) NOT NULL,
	password_hash VARCHAR(255) NOT NULL,
	rights JSON NOT NULL,
	disabled BOOLEAN DEFAULT 0 NOT NULL,
	epoch INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	last_sign_in DATETIME,
	CONSTRAINT uq_yoto_operators_name UNIQUE (name)
);

CREATE TABLE yoto_people (
	id INTEGER NOT NULL,
	name VARCHAR(256) NOT NULL,
	present BOOLEAN NOT NULL,
	disabled BOOLEAN NOT NULL,
	super_admin BOOLEAN NOT NULL,
	epoch INTEGER NOT NULL,
	asked_at DATETIME NOT NULL,
	changes INTEGER NOT NULL,
	CONSTRAINT pk_yoto_people PRIMARY KEY (id)
);

CREATE TABLE yoto_permission_group_members (
	id INTEGER NOT NULL,
	group_id INTEGER NOT NULL,
	permission_id INTEGER NOT NULL,
	CONSTRAINT pk_yoto_permission_group_members PRIMARY KEY (id),
	CONSTRAINT fk_yoto_permission_group_members_group_id FOREIGN KEY(group_id) REFERENCES yoto_permission_groups (id) ON DELETE CASCADE,
	CONSTRAINT fk_yoto_permission_group_members_permission_id FOREIGN KEY(permission_id) REFERENCES yoto_permissions (id),
	CONSTRAINT uq_yoto_permission_group_members_group_id_permission_id UNIQUE (group_id, permission_id)
);

CREATE TABLE yoto_permission_groups (
	id INTEGER NOT NULL,
	name VARCHAR(128) NOT NULL,
	description VARCHAR(500) DEFAULT '' NOT NULL,
	CONSTRAINT pk_yoto_permission_groups PRIMARY KEY (id),
	CONSTRAINT uq_yoto_permission_groups_name UNIQUE (name)
);

CREATE TABLE "yoto_permission_outbox" (
	id INTEGER NOT NULL,
	subject VARCHAR(110) NOT NULL,
	created_at DATETIME NOT NULL,
	published_at DATETIME,
	position VARCHAR(32),
	CONSTRAINT pk_yoto_permission_outbox PRIMARY KEY (id)
);

CREATE TABLE "yoto_permissions" (
	id INTEGER NOT NULL,
	name VARCHAR(128) NOT NULL,
	bit INTEGER NOT NULL,
	scope VARCHAR(32) NOT NULL,
	category VARCHAR(64),
	description VARCHAR(500) DEFAULT ('') NOT NULL,
	abac BOOLEAN DEFAULT 0 NOT NULL,
	created_at DATETIME NOT NULL,
	on_policy_error VARCHAR(8) DEFAULT 'deny' NOT NULL, requires_approvals INTEGER DEFAULT 1 NOT NULL,
	CONSTRAINT pk_yoto_permissions PRIMARY KEY (id),
	CONSTRAINT uq_yoto_permissions_bit UNIQUE (bit),
	CONSTRAINT uq_yoto_permissions_name UNIQUE (name)
);

CREATE TABLE yoto_platform_switches (
	id INTEGER NOT NULL,
	name VARCHAR(64) NOT NULL,
	enabled BOOLEAN DEFAULT 0 NOT NULL,
	reason VARCHAR(500),
	changed_by INTEGER,
	changed_at DATETIME NOT NULL, until DATETIME,
	CONSTRAINT pk_yoto_platform_switches PRIMARY KEY (id),
	CONSTRAINT uq_yoto_platform_switches_name UNIQUE (name),
	CONSTRAINT fk_yoto_platform_switches_changed_by FOREIGN KEY(changed_by) REFERENCES users (id)
);

CREATE TABLE yoto_policies (
	id INTEGER NOT NULL,
	kind VARCHAR(16) NOT NULL,
	name VARCHAR(64) NOT NULL,
	live_version INTEGER,
	CONSTRAINT pk_yoto_policies PRIMARY KEY (id),
	CONSTRAINT uq_yoto_policies_kind_name UNIQUE (kind, name),
	CONSTRAINT ck_yoto_policies_policykind CHECK (kind IN ('rego', 'data'))
);

CREATE TABLE yoto_policy_revisions (
	revision INTEGER NOT NULL,
	kind VARCHAR(16) NOT NULL,
	name VARCHAR(64) NOT NULL,
	version INTEGER,
	action VARCHAR(16) NOT NULL,
	author VARCHAR(128) NOT NULL,
	bundle VARCHAR(64) NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_yoto_policy_revisions PRIMARY KEY (revision),
	CONSTRAINT ck_yoto_policy_revisions_policykind CHECK (kind IN ('rego', 'data'))
);

CREATE TABLE yoto_policy_shadow_counts (
	id INTEGER NOT NULL,
	version_id INTEGER NOT NULL,
	instance VARCHAR(128) NOT NULL,
	evaluated INTEGER NOT NULL,
	errors INTEGER NOT NULL,
	flips JSON NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_yoto_policy_shadow_counts PRIMARY KEY (id),
	CONSTRAINT uq_yoto_policy_shadow_counts_version_id_instance UNIQUE (version_id, instance),
	CONSTRAINT fk_yoto_policy_shadow_counts_version_id FOREIGN KEY(version_id) REFERENCES yoto_policy_versions (id)
);

CREATE TABLE yoto_policy_versions (
	id INTEGER NOT NULL,
	policy_id INTEGER NOT NULL,
	version INTEGER NOT NULL,
	source TEXT NOT NULL,
	tests TEXT NOT NULL,
	source_hash VARCHAR(64) NOT NULL,
	author VARCHAR(128) NOT NULL,
	comment VARCHAR(500) DEFAULT '' NOT NULL,
	state VARCHAR(16) NOT NULL,
	sample FLOAT,
	at DATETIME NOT NULL,
	CONSTRAINT pk_yoto_policy_versions PRIMARY KEY (id),
	CONSTRAINT uq_yoto_policy_versions_policy_id_version UNIQUE (policy_id, version),
	CONSTRAINT fk_yoto_policy_versions_policy_id FOREIGN KEY(policy_id) REFERENCES yoto_policies (id),
	CONSTRAINT ck_yoto_policy_versions_policystate CHECK (state IN ('live', 'candidate', 'retired', 'dropped'))
);

CREATE TABLE yoto_resilience_config_changes (
	id INTEGER NOT NULL,
	kind VARCHAR(32) NOT NULL,
	name VARCHAR(128) NOT NULL,
	version INTEGER NOT NULL,
	origin VARCHAR(16) NOT NULL,
	action VARCHAR(16) NOT NULL,
	config_values JSON,
	expires_at DATETIME,
	author VARCHAR(128) NOT NULL,
	reason VARCHAR(500) DEFAULT '' NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_yoto_resilience_config_changes PRIMARY KEY (id),
	CONSTRAINT uq_yoto_resilience_config_changes_kind_name_version UNIQUE (kind, name, version)
);

CREATE TABLE yoto_resources (
	type VARCHAR(32) NOT NULL,
	id VARCHAR(64) NOT NULL,
	parent_type VARCHAR(32),
	parent_number INTEGER,
	parent_uuid CHAR(32),
	parent_text VARCHAR(64),
	owner_id INTEGER,
	attributes JSON,
	CONSTRAINT pk_yoto_resources PRIMARY KEY (type, id)
);

CREATE TABLE yoto_revoked_tokens (
	id INTEGER NOT NULL,
	token_key VARCHAR(64) NOT NULL,
	user_id INTEGER NOT NULL,
	reason VARCHAR(32) NOT NULL,
	created_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_yoto_revoked_tokens PRIMARY KEY (id),
	CONSTRAINT fk_yoto_revoked_tokens_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT uq_yoto_revoked_tokens_token_key UNIQUE (token_key)
);

CREATE TABLE "yoto_role_assignments" (
	id INTEGER NOT NULL,
	user_id INTEGER,
	role_id INTEGER NOT NULL,
	valid_from DATETIME,
	valid_until DATETIME,
	assigned_by INTEGER,
	created_at DATETIME NOT NULL,
	team_id INTEGER,
	subject VARCHAR(110) NOT NULL,
	node VARCHAR(100) NOT NULL,
	attributes JSON,
	CONSTRAINT pk_yoto_role_assignments PRIMARY KEY (id),
	CONSTRAINT fk_yoto_role_assignments_assigned_by FOREIGN KEY(assigned_by) REFERENCES users (id),
	CONSTRAINT fk_yoto_role_assignments_role_id FOREIGN KEY(role_id) REFERENCES yoto_roles (id) ON DELETE CASCADE,
	CONSTRAINT uq_yoto_role_assignments_subject_role_id_node UNIQUE (subject, role_id, node),
	CONSTRAINT fk_yoto_role_assignments_team_id FOREIGN KEY(team_id) REFERENCES yoto_teams (id) ON DELETE CASCADE
);

CREATE TABLE "yoto_role_grants" (
	id INTEGER NOT NULL,
	role_id INTEGER NOT NULL,
	permission_id INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	server_id INTEGER,
	channel_id INTEGER,
	scope_key VARCHAR(100) NOT NULL,
	effect VARCHAR(16) NOT NULL,
	CONSTRAINT pk_yoto_role_grants PRIMARY KEY (id),
	CONSTRAINT fk_yoto_role_grants_role_id FOREIGN KEY(role_id) REFERENCES yoto_roles (id) ON DELETE CASCADE,
	CONSTRAINT uq_yoto_role_grants_role_id_permission_id_scope_key UNIQUE (role_id, permission_id, scope_key),
	CONSTRAINT ck_yoto_role_grants_effect CHECK (effect IN ('allow', 'deny')),
	CONSTRAINT fk_yoto_role_grants_permission_id FOREIGN KEY(permission_id) REFERENCES yoto_permissions (id),
	CONSTRAINT fk_yoto_role_grants_channel_id FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE,
	CONSTRAINT fk_yoto_role_grants_server_id FOREIGN KEY(server_id) REFERENCES servers (id) ON DELETE CASCADE
);

CREATE TABLE "yoto_role_group_grants" (
	id INTEGER NOT NULL,
	role_id INTEGER NOT NULL,
	group_id INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	server_id INTEGER,
	channel_id INTEGER,
	scope_key VARCHAR(100) NOT NULL,
	effect VARCHAR(16) NOT NULL,
	CONSTRAINT pk_yoto_role_group_grants PRIMARY KEY (id),
	CONSTRAINT fk_yoto_role_group_grants_group_id FOREIGN KEY(group_id) REFERENCES yoto_permission_groups (id) ON DELETE CASCADE,
	CONSTRAINT uq_yoto_role_group_grants_role_id_group_id_scope_key UNIQUE (role_id, group_id, scope_key),
	CONSTRAINT fk_yoto_role_group_grants_server_id FOREIGN KEY(server_id) REFERENCES servers (id) ON DELETE CASCADE,
	CONSTRAINT fk_yoto_role_group_grants_role_id FOREIGN KEY(role_id) REFERENCES yoto_roles (id) ON DELETE CASCADE,
	CONSTRAINT ck_yoto_role_group_grants_effect CHECK (effect IN ('allow', 'deny')),
	CONSTRAINT fk_yoto_role_group_grants_channel_id FOREIGN KEY(channel_id) REFERENCES channels (id) ON DELETE CASCADE
);

CREATE TABLE yoto_role_parents (
	role_id INTEGER NOT NULL,
	parent_id INTEGER NOT NULL,
	CONSTRAINT pk_yoto_role_parents PRIMARY KEY (role_id, parent_id),
	CONSTRAINT fk_yoto_role_parents_role_id FOREIGN KEY(role_id) REFERENCES yoto_roles (id) ON DELETE CASCADE,
	CONSTRAINT fk_yoto_role_parents_parent_id FOREIGN KEY(parent_id) REFERENCES yoto_roles (id) ON DELETE CASCADE
);

CREATE TABLE "yoto_roles" (
	id INTEGER NOT NULL,
	server_id INTEGER,
	name VARCHAR(100) NOT NULL,
	parent_id INTEGER,
	position INTEGER DEFAULT '1' NOT NULL,
	active BOOLEAN DEFAULT 1 NOT NULL,
	is_default BOOLEAN DEFAULT 0 NOT NULL,
	created_at DATETIME NOT NULL,
	home VARCHAR(100) NOT NULL, access_request_id INTEGER,
	CONSTRAINT pk_yoto_roles PRIMARY KEY (id),
	CONSTRAINT fk_yoto_roles_parent_id FOREIGN KEY(parent_id) REFERENCES yoto_roles (id) ON DELETE SET NULL,
	CONSTRAINT fk_yoto_roles_server_id FOREIGN KEY(server_id) REFERENCES servers (id) ON DELETE CASCADE,
	CONSTRAINT uq_yoto_roles_home_name UNIQUE (home, name)
);

CREATE TABLE yoto_roles_asked (
	id INTEGER NOT NULL,
	asked_at DATETIME NOT NULL,
	changes INTEGER NOT NULL,
	CONSTRAINT pk_yoto_roles_asked PRIMARY KEY (id)
);

CREATE TABLE yoto_roles_provided (
	user_id INTEGER NOT NULL,
	role_id INTEGER NOT NULL,
	node VARCHAR(100) NOT NULL,
	valid_until DATETIME,
	CONSTRAINT pk_yoto_roles_provided PRIMARY KEY (user_id, role_id, node),
	CONSTRAINT fk_yoto_roles_provided_role_id FOREIGN KEY(role_id) REFERENCES yoto_roles (id) ON DELETE CASCADE
);

CREATE TABLE yoto_subjects (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	"key" INTEGER NOT NULL,
	CONSTRAINT uq_yoto_subjects_key UNIQUE ("key")
);

CREATE TABLE yoto_team_members (
	team_id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	valid_from DATETIME,
	valid_until DATETIME,
	created_at DATETIME NOT NULL,
	CONSTRAINT pk_yoto_team_members PRIMARY KEY (team_id, user_id),
	CONSTRAINT fk_yoto_team_members_team_id FOREIGN KEY(team_id) REFERENCES yoto_teams (id) ON DELETE CASCADE
);

CREATE TABLE yoto_team_parents (
	team_id INTEGER NOT NULL,
	parent_id INTEGER NOT NULL,
	CONSTRAINT pk_yoto_team_parents PRIMARY KEY (team_id, parent_id),
	CONSTRAINT fk_yoto_team_parents_team_id FOREIGN KEY(team_id) REFERENCES yoto_teams (id) ON DELETE CASCADE,
	CONSTRAINT fk_yoto_team_parents_parent_id FOREIGN KEY(parent_id) REFERENCES yoto_teams (id) ON DELETE CASCADE
);

CREATE TABLE yoto_teams (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name VARCHAR(100) NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT uq_yoto_teams_name UNIQUE (name)
);

CREATE INDEX ix_categories_server_id ON categories (server_id);

CREATE INDEX ix_channels_category_id ON channels (category_id);

CREATE INDEX ix_channels_server_id_position ON channels (server_id, position);

CREATE INDEX ix_invites_server_id ON invites (server_id);

CREATE INDEX ix_members_timeout_until ON members (timeout_until);

CREATE INDEX ix_members_user_id ON members (user_id);

CREATE INDEX ix_messages_author_id ON messages (author_id);

CREATE INDEX ix_messages_channel_id_id ON messages (channel_id, id);

CREATE INDEX ix_messages_channel_id_pinned_at ON messages (channel_id, pinned_at);

CREATE INDEX ix_recovery_codes_user_id ON recovery_codes (user_id);

CREATE INDEX ix_servers_owner_id ON servers (owner_id);

CREATE INDEX ix_servers_public ON servers (public);

CREATE INDEX ix_yoto_access_requests_due_at ON yoto_access_requests (due_at);

CREATE INDEX ix_yoto_access_requests_ended_at ON yoto_access_requests (ended_at);

CREATE INDEX ix_yoto_access_requests_state_id ON yoto_access_requests (state, id);

CREATE INDEX ix_yoto_access_requests_user_id_id ON yoto_access_requests (user_id, id);

CREATE INDEX ix_yoto_alert_deliveries_settled_at ON yoto_alert_deliveries (settled_at);

CREATE INDEX ix_yoto_alert_deliveries_webhook_id_settled_at_id ON yoto_alert_deliveries (webhook_id, settled_at, id);

CREATE INDEX ix_yoto_alert_history_alert_id_id ON yoto_alert_history (alert_id, id);

CREATE INDEX ix_yoto_alert_history_told_at_id ON yoto_alert_history (told_at, id);

CREATE INDEX ix_yoto_alert_silences_until ON yoto_alert_silences (until);

CREATE INDEX ix_yoto_alerts_resolved_at ON yoto_alerts (resolved_at);

CREATE INDEX ix_yoto_alerts_rule_id ON yoto_alerts (rule, id);

CREATE INDEX ix_yoto_api_tokens_user_id ON yoto_api_tokens (user_id);

CREATE INDEX ix_yoto_audit_records_action_id ON yoto_audit_records (action, id);

CREATE INDEX ix_yoto_audit_records_actor_id_id ON yoto_audit_records (actor_id, id);

CREATE INDEX ix_yoto_audit_records_at ON yoto_audit_records (at);

CREATE INDEX ix_yoto_audit_records_server_id_id ON yoto_audit_records (server_id, id);

CREATE INDEX ix_yoto_audit_records_subject_id ON yoto_audit_records (subject, id);

CREATE INDEX ix_yoto_channel_overwrites_category_id ON yoto_channel_overwrites (category_id);

CREATE INDEX ix_yoto_channel_overwrites_channel_id ON yoto_channel_overwrites (channel_id);

CREATE INDEX ix_yoto_channel_overwrites_permission_id ON yoto_channel_overwrites (permission_id);

CREATE INDEX ix_yoto_channel_overwrites_place ON yoto_channel_overwrites (place);

CREATE INDEX ix_yoto_channel_overwrites_role_id_place ON yoto_channel_overwrites (role_id, place);

CREATE INDEX ix_yoto_channel_overwrites_team_id_place ON yoto_channel_overwrites (team_id, place);

CREATE INDEX ix_yoto_channel_overwrites_user_id_place ON yoto_channel_overwrites (user_id, place);

CREATE INDEX ix_yoto_decision_records_allowed ON yoto_decision_records (allowed);

CREATE INDEX ix_yoto_decision_records_asked ON yoto_decision_records (asked);

CREATE INDEX ix_yoto_decision_records_at ON yoto_decision_records (at);

CREATE INDEX ix_yoto_decision_records_policy_version ON yoto_decision_records (policy_version);

CREATE INDEX ix_yoto_decision_records_reason ON yoto_decision_records (reason);

CREATE INDEX ix_yoto_decision_records_request_id ON yoto_decision_records (request_id);

CREATE INDEX ix_yoto_decision_records_scope ON yoto_decision_records (scope);

CREATE INDEX ix_yoto_decision_records_user_id_id ON yoto_decision_records (user_id, id);

CREATE INDEX ix_yoto_devices_user_id ON yoto_devices (user_id);

CREATE INDEX ix_yoto_emergency_accesses_until ON yoto_emergency_accesses (until);

CREATE INDEX ix_yoto_emergency_accesses_user_id_until ON yoto_emergency_accesses (user_id, until);

CREATE INDEX ix_yoto_idempotency_keys_created_at ON yoto_idempotency_keys (created_at);

CREATE INDEX ix_yoto_people_asked_at ON yoto_people (asked_at);

CREATE INDEX ix_yoto_permission_group_members_permission_id ON yoto_permission_group_members (permission_id);

CREATE INDEX ix_yoto_permission_outbox_published_at_id ON yoto_permission_outbox (published_at, id);

CREATE INDEX ix_yoto_permissions_category ON yoto_permissions (category);

CREATE INDEX ix_yoto_resilience_config_changes_kind_name_origin_version ON yoto_resilience_config_changes (kind, name, origin, version);

CREATE INDEX ix_yoto_resources_owner_id ON yoto_resources (owner_id);

CREATE INDEX ix_yoto_resources_parent_number ON yoto_resources (parent_number);

CREATE INDEX ix_yoto_resources_parent_text ON yoto_resources (parent_text);

CREATE INDEX ix_yoto_resources_parent_uuid ON yoto_resources (parent_uuid);

CREATE INDEX ix_yoto_revoked_tokens_expires_at ON yoto_revoked_tokens (expires_at);

CREATE INDEX ix_yoto_revoked_tokens_user_id ON yoto_revoked_tokens (user_id);

CREATE INDEX ix_yoto_role_assignments_node ON yoto_role_assignments (node);

CREATE INDEX ix_yoto_role_assignments_role_id_user_id ON yoto_role_assignments (role_id, user_id);

CREATE INDEX ix_yoto_role_assignments_team_id ON yoto_role_assignments (team_id);

CREATE INDEX ix_yoto_role_assignments_user_id_role_id ON yoto_role_assignments (user_id, role_id);

CREATE INDEX ix_yoto_role_assignments_valid_from ON yoto_role_assignments (valid_from);

CREATE INDEX ix_yoto_role_assignments_valid_until ON yoto_role_assignments (valid_until);

CREATE INDEX ix_yoto_role_grants_channel_id ON yoto_role_grants (channel_id);

CREATE INDEX ix_yoto_role_grants_permission_id ON yoto_role_grants (permission_id);

CREATE INDEX ix_yoto_role_grants_scope_key ON yoto_role_grants (scope_key);

CREATE INDEX ix_yoto_role_grants_server_id ON yoto_role_grants (server_id);

CREATE INDEX ix_yoto_role_group_grants_channel_id ON yoto_role_group_grants (channel_id);

CREATE INDEX ix_yoto_role_group_grants_group_id ON yoto_role_group_grants (group_id);

CREATE INDEX ix_yoto_role_group_grants_scope_key ON yoto_role_group_grants (scope_key);

CREATE INDEX ix_yoto_role_group_grants_server_id ON yoto_role_group_grants (server_id);

CREATE INDEX ix_yoto_role_parents_parent_id ON yoto_role_parents (parent_id);

CREATE INDEX ix_yoto_roles_asked_asked_at ON yoto_roles_asked (asked_at);

CREATE INDEX ix_yoto_roles_parent_id ON yoto_roles (parent_id);

CREATE INDEX ix_yoto_roles_provided_role_id ON yoto_roles_provided (role_id);

CREATE INDEX ix_yoto_roles_provided_valid_until ON yoto_roles_provided (valid_until);

CREATE INDEX ix_yoto_roles_server_id ON yoto_roles (server_id);

CREATE INDEX ix_yoto_team_members_user_id ON yoto_team_members (user_id);

CREATE INDEX ix_yoto_team_members_valid_from ON yoto_team_members (valid_from);

CREATE INDEX ix_yoto_team_members_valid_until ON yoto_team_members (valid_until);

CREATE INDEX ix_yoto_team_parents_parent_id ON yoto_team_parents (parent_id);

CREATE TRIGGER yoto_audit_records_no_delete BEFORE DELETE ON yoto_audit_records BEGIN SELECT RAISE(ABORT, 'yoto_audit_records is append-only'); END;

CREATE TRIGGER yoto_audit_records_no_update BEFORE UPDATE ON yoto_audit_records BEGIN SELECT RAISE(ABORT, 'yoto_audit_records is append-only'); END;

INSERT INTO alembic_version VALUES ('0019');

INSERT INTO yoto_alembic_version VALUES ('0010');

INSERT INTO yoto_alert_board (id, version, tracks) VALUES (1, 0, '{}');
