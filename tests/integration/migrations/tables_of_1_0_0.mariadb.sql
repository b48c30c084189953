ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

SET FOREIGN_KEY_CHECKS = 0;

CREATE TABLE `alembic_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `categories` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `server_id` bigint(20) NOT NULL,
  `name` varchar(100) NOT NULL,
  `position` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  KEY `ix_categories_server_id` (`server_id`),
  CONSTRAINT `fk_categories_server_id` FOREIGN KEY (`server_id`) REFERENCES `servers` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `channels` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `server_id` bigint(20) NOT NULL,
  `category_id` bigint(20) DEFAULT NULL,
  `name` varchar(100) NOT NULL,
  `kind` varchar(16) NOT NULL DEFAULT 'text',
  `topic` varchar(500) NOT NULL DEFAULT '',
  `position` bigint(20) NOT NULL DEFAULT 0,
  `synced` tinyint(1) NOT NULL DEFAULT 0,
  `sensitivity` bigint(20) NOT NULL DEFAULT 0,
  `hours` longtext DEFAULT NULL CHECK (json_valid(`hours`)),
  `external_id` varchar(256) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_channels_server_id_external_id` (`server_id`,`external_id`),
  KEY `ix_channels_category_id` (`category_id`),
  KEY `ix_channels_server_id_position` (`server_id`,`position`),
  CONSTRAINT `fk_channels_category_id` FOREIGN KEY (`category_id`) REFERENCES `categories` (`id`) ON DELETE SET NULL,
  CONSTRAINT `fk_channels_server_id` FOREIGN KEY (`server_id`) REFERENCES `servers` (`id`) ON DELETE CASCADE,
  CONSTRAINT `ck_channels_channelkind` CHECK (`kind` in ('text','announcement'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `invites` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `server_id` bigint(20) NOT NULL,
  `code` varchar(32) NOT NULL,
  `created_by` bigint(20) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `expires_at` datetime(6) DEFAULT NULL,
  `max_uses` bigint(20) DEFAULT NULL,
  `uses` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_invites_code` (`code`),
  KEY `fk_invites_created_by` (`created_by`),
  KEY `ix_invites_server_id` (`server_id`),
  CONSTRAINT `fk_invites_created_by` FOREIGN KEY (`created_by`) REFERENCES `users` (`id`),
  CONSTRAINT `fk_invites_server_id` FOREIGN KEY (`server_id`) REFERENCES `servers` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `members` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `server_id` bigint(20) NOT NULL,
  `user_id` bigint(20) NOT NULL,
  `nickname` varchar(64) DEFAULT NULL,
  `timeout_until` datetime(6) DEFAULT NULL,
  `banned` tinyint(1) NOT NULL DEFAULT 0,
  `ban_reason` varchar(500) DEFAULT NULL,
  `joined_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_members_server_id_user_id` (`server_id`,`user_id`),
  KEY `ix_members_user_id` (`user_id`),
  KEY `ix_members_timeout_until` (`timeout_until`),
  CONSTRAINT `fk_members_server_id` FOREIGN KEY (`server_id`) REFERENCES `servers` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_members_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `messages` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `channel_id` bigint(20) NOT NULL,
  `author_id` bigint(20) NOT NULL,
  `content` varchar(4000) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `edited_at` datetime(6) DEFAULT NULL,
  `deleted_at` datetime(6) DEFAULT NULL,
  `pinned_at` datetime(6) DEFAULT NULL,
  `pinned_by` bigint(20) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `fk_messages_pinned_by` (`pinned_by`),
  KEY `ix_messages_author_id` (`author_id`),
  KEY `ix_messages_channel_id_id` (`channel_id`,`id`),
  KEY `ix_messages_channel_id_pinned_at` (`channel_id`,`pinned_at`),
  CONSTRAINT `fk_messages_author_id` FOREIGN KEY (`author_id`) REFERENCES `users` (`id`),
  CONSTRAINT `fk_messages_channel_id` FOREIGN KEY (`channel_id`) REFERENCES `channels` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_messages_pinned_by` FOREIGN KEY (`pinned_by`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `recovery_codes` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` bigint(20) NOT NULL,
  `code_hash` varchar(64) NOT NULL,
  `used_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_recovery_codes_code_hash` (`code_hash`),
  KEY `ix_recovery_codes_user_id` (`user_id`),
  CONSTRAINT `fk_recovery_codes_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `second_factors` (
  `user_id` bigint(20) NOT NULL,
  `secret` text NOT NULL,
  `last_step` bigint(20) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `confirmed_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`user_id`),
  CONSTRAINT `fk_second_factors_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `servers` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(100) NOT NULL,
  `description` varchar(500) NOT NULL DEFAULT '',
  `owner_id` bigint(20) NOT NULL,
  `public` tinyint(1) NOT NULL DEFAULT 0,
  `created_at` datetime(6) NOT NULL,
  `time_zone` varchar(64) NOT NULL DEFAULT 'UTC',
  `access_hours` longtext DEFAULT NULL CHECK (json_valid(`access_hours`)),
  `blocked_networks` longtext DEFAULT NULL CHECK (json_valid(`blocked_networks`)),
  `device_required` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  KEY `ix_servers_owner_id` (`owner_id`),
  KEY `ix_servers_public` (`public`),
  CONSTRAINT `fk_servers_owner_id` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `users` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `username` varchar(32) NOT NULL,
  `display_name` varchar(64) NOT NULL,
  `password_hash` varchar(255) NOT NULL,
  `disabled` tinyint(1) NOT NULL DEFAULT 0,
  `super_admin` tinyint(1) NOT NULL DEFAULT 0,
  `token_epoch` bigint(20) NOT NULL DEFAULT 0,
  `created_at` datetime(6) NOT NULL,
  `clearance` bigint(20) NOT NULL DEFAULT 0,
  `external_id` varchar(256) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_users_username` (`username`),
  UNIQUE KEY `uq_users_external_id` (`external_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_access_requests` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `open_key` varchar(64) DEFAULT NULL,
  `user_id` bigint(20) NOT NULL,
  `permission` varchar(128) NOT NULL,
  `place` varchar(100) NOT NULL,
  `reason` varchar(500) NOT NULL,
  `seconds` bigint(20) NOT NULL,
  `needed` bigint(20) NOT NULL,
  `state` varchar(10) NOT NULL,
  `approvals` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (json_valid(`approvals`)),
  `created_at` datetime(6) NOT NULL,
  `due_at` datetime(6) DEFAULT NULL,
  `decided_at` datetime(6) DEFAULT NULL,
  `decided_by` varchar(128) DEFAULT NULL,
  `decision` varchar(500) DEFAULT NULL,
  `until` datetime(6) DEFAULT NULL,
  `role_id` bigint(20) DEFAULT NULL,
  `ended_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_access_requests_open_key` (`open_key`),
  KEY `ix_yoto_access_requests_user_id_id` (`user_id`,`id`),
  KEY `ix_yoto_access_requests_state_id` (`state`,`id`),
  KEY `ix_yoto_access_requests_due_at` (`due_at`),
  KEY `ix_yoto_access_requests_ended_at` (`ended_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_alembic_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_alert_board` (
  `id` bigint(20) NOT NULL,
  `version` bigint(20) NOT NULL,
  `evaluated_at` datetime(6) DEFAULT NULL,
  `tracks` mediumtext NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_alert_deliveries` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `webhook_id` bigint(20) NOT NULL,
  `event` varchar(64) NOT NULL,
  `body` mediumtext NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `attempts` bigint(20) NOT NULL,
  `settled_at` datetime(6) DEFAULT NULL,
  `delivered` tinyint(1) NOT NULL,
  `status` bigint(20) DEFAULT NULL,
  `error` varchar(200) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_yoto_alert_deliveries_webhook_id_settled_at_id` (`webhook_id`,`settled_at`,`id`),
  KEY `ix_yoto_alert_deliveries_settled_at` (`settled_at`),
  CONSTRAINT `fk_yoto_alert_deliveries_webhook_id` FOREIGN KEY (`webhook_id`) REFERENCES `yoto_alert_webhooks` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_alert_history` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `alert_id` bigint(20) DEFAULT NULL,
  `kind` varchar(64) NOT NULL,
  `data` mediumtext NOT NULL,
  `at` datetime(6) NOT NULL,
  `told_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_yoto_alert_history_alert_id_id` (`alert_id`,`id`),
  KEY `ix_yoto_alert_history_told_at_id` (`told_at`,`id`),
  CONSTRAINT `fk_yoto_alert_history_alert_id` FOREIGN KEY (`alert_id`) REFERENCES `yoto_alerts` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_alert_silences` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `rule` varchar(64) NOT NULL,
  `labels` longtext NOT NULL CHECK (json_valid(`labels`)),
  `until` datetime(6) NOT NULL,
  `by` varchar(128) NOT NULL,
  `reason` varchar(500) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `ended_at` datetime(6) DEFAULT NULL,
  `ended_by` varchar(128) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_yoto_alert_silences_until` (`until`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_alert_webhooks` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(64) NOT NULL,
  `url` text NOT NULL,
  `secret` varchar(255) NOT NULL,
  `min_level` varchar(16) NOT NULL,
  `created_by` varchar(128) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `failures` bigint(20) NOT NULL,
  `next_at` datetime(6) DEFAULT NULL,
  `claimed_until` datetime(6) DEFAULT NULL,
  `removed_at` datetime(6) DEFAULT NULL,
  `access_requests` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_alerts` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `open_key` varchar(64) DEFAULT NULL,
  `rule` varchar(64) NOT NULL,
  `labels` longtext NOT NULL CHECK (json_valid(`labels`)),
  `level` varchar(16) NOT NULL,
  `value` double DEFAULT NULL,
  `threshold` double DEFAULT NULL,
  `cause` varchar(16) NOT NULL,
  `text` varchar(500) NOT NULL,
  `raised_at` datetime(6) NOT NULL,
  `changed_at` datetime(6) NOT NULL,
  `resolved_at` datetime(6) DEFAULT NULL,
  `acknowledged_at` datetime(6) DEFAULT NULL,
  `acknowledged_by` varchar(128) DEFAULT NULL,
  `note` varchar(500) DEFAULT NULL,
  `told_level` varchar(16) DEFAULT NULL,
  `peak_level` varchar(16) NOT NULL,
  `peak_value` double DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_alerts_open_key` (`open_key`),
  KEY `ix_yoto_alerts_rule_id` (`rule`,`id`),
  KEY `ix_yoto_alerts_resolved_at` (`resolved_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_api_tokens` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` bigint(20) NOT NULL,
  `name` varchar(100) NOT NULL,
  `token_hash` varchar(64) NOT NULL,
  `rights` longtext NOT NULL CHECK (json_valid(`rights`)),
  `created_at` datetime(6) NOT NULL,
  `expires_at` datetime(6) NOT NULL,
  `last_used_at` datetime(6) DEFAULT NULL,
  `revoked_at` datetime(6) DEFAULT NULL,
  `epoch` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_api_tokens_token_hash` (`token_hash`),
  KEY `ix_yoto_api_tokens_user_id` (`user_id`),
  CONSTRAINT `fk_yoto_api_tokens_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_applications` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(100) NOT NULL,
  `disabled` tinyint(1) NOT NULL DEFAULT 0,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_applications_name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_audit_records` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `at` datetime(6) NOT NULL,
  `actor_id` bigint(20) DEFAULT NULL,
  `action` varchar(64) NOT NULL,
  `subject` varchar(110) NOT NULL,
  `server_id` bigint(20) DEFAULT NULL,
  `before` longtext DEFAULT NULL CHECK (json_valid(`before`)),
  `after` longtext DEFAULT NULL CHECK (json_valid(`after`)),
  `reason` varchar(500) DEFAULT NULL,
  `request_id` varchar(64) DEFAULT NULL,
  `address` varchar(64) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_yoto_audit_records_action_id` (`action`,`id`),
  KEY `ix_yoto_audit_records_actor_id_id` (`actor_id`,`id`),
  KEY `ix_yoto_audit_records_at` (`at`),
  KEY `ix_yoto_audit_records_server_id_id` (`server_id`,`id`),
  KEY `ix_yoto_audit_records_subject_id` (`subject`,`id`),
  CONSTRAINT `fk_yoto_audit_records_actor_id` FOREIGN KEY (`actor_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_channel_overwrites` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `channel_id` bigint(20) DEFAULT NULL,
  `category_id` bigint(20) DEFAULT NULL,
  `role_id` bigint(20) DEFAULT NULL,
  `user_id` bigint(20) DEFAULT NULL,
  `overwrite_key` varchar(128) NOT NULL,
  `permission_id` bigint(20) NOT NULL,
  `effect` varchar(16) NOT NULL,
  `place` varchar(100) NOT NULL,
  `team_id` bigint(20) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_channel_overwrites_overwrite_key_permission_id` (`overwrite_key`,`permission_id`),
  KEY `ix_yoto_channel_overwrites_category_id` (`category_id`),
  KEY `ix_yoto_channel_overwrites_channel_id` (`channel_id`),
  KEY `ix_yoto_channel_overwrites_permission_id` (`permission_id`),
  KEY `ix_yoto_channel_overwrites_place` (`place`),
  KEY `ix_yoto_channel_overwrites_role_id_place` (`role_id`,`place`),
  KEY `ix_yoto_channel_overwrites_user_id_place` (`user_id`,`place`),
  KEY `ix_yoto_channel_overwrites_team_id_place` (`team_id`,`place`),
  CONSTRAINT `fk_yoto_channel_overwrites_category_id` FOREIGN KEY (`category_id`) REFERENCES `categories` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_channel_overwrites_channel_id` FOREIGN KEY (`channel_id`) REFERENCES `channels` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_channel_overwrites_permission_id` FOREIGN KEY (`permission_id`) REFERENCES `yoto_permissions` (`id`),
  CONSTRAINT `fk_yoto_channel_overwrites_role_id` FOREIGN KEY (`role_id`) REFERENCES `yoto_roles` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_channel_overwrites_team_id` FOREIGN KEY (`team_id`) REFERENCES `yoto_teams` (`id`) ON DELETE CASCADE,
  CONSTRAINT `ck_yoto_channel_overwrites_effect` CHECK (`effect` in ('allow','deny')),
  CONSTRAINT `ck_yoto_channel_overwrites_one_target` CHECK ((`role_id` is not null) + (`user_id` is not null) + (`team_id` is not null) = 1)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_decision_counts` (
  `facet` varchar(10) NOT NULL,
  `span` smallint(6) NOT NULL,
  `hour` bigint(20) NOT NULL,
  `value` varchar(128) NOT NULL,
  `allowed` tinyint(1) NOT NULL,
  `decisions` bigint(20) NOT NULL,
  PRIMARY KEY (`facet`,`span`,`hour`,`value`,`allowed`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_decision_records` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `at` datetime(6) NOT NULL,
  `user_id` bigint(20) NOT NULL,
  `asked` varchar(500) NOT NULL,
  `operator` varchar(3) DEFAULT NULL,
  `scope` varchar(110) NOT NULL,
  `allowed` tinyint(1) NOT NULL,
  `reason` varchar(64) NOT NULL,
  `weight` bigint(20) NOT NULL,
  `tier` varchar(8) NOT NULL,
  `position` varchar(64) DEFAULT NULL,
  `policy_version` varchar(64) DEFAULT NULL,
  `mask_hash` varchar(16) NOT NULL,
  `context` longtext DEFAULT NULL CHECK (json_valid(`context`)),
  `request_id` varchar(64) DEFAULT NULL,
  `address` varchar(64) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_yoto_decision_records_at` (`at`),
  KEY `ix_yoto_decision_records_user_id_id` (`user_id`,`id`),
  KEY `ix_yoto_decision_records_scope` (`scope`),
  KEY `ix_yoto_decision_records_asked` (`asked`),
  KEY `ix_yoto_decision_records_reason` (`reason`),
  KEY `ix_yoto_decision_records_allowed` (`allowed`),
  KEY `ix_yoto_decision_records_request_id` (`request_id`),
  KEY `ix_yoto_decision_records_policy_version` (`policy_version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_devices` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` bigint(20) NOT NULL,
  `name` varchar(100) NOT NULL,
  `token_hash` varchar(64) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_devices_token_hash` (`token_hash`),
  KEY `ix_yoto_devices_user_id` (`user_id`),
  CONSTRAINT `fk_yoto_devices_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_emergency_accesses` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` bigint(20) NOT NULL,
  `reason` varchar(500) NOT NULL,
  `taken_at` datetime(6) NOT NULL,
  `until` datetime(6) NOT NULL,
  `ended_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_yoto_emergency_accesses_user_id_until` (`user_id`,`until`),
  KEY `ix_yoto_emergency_accesses_until` (`until`),
  CONSTRAINT `fk_yoto_emergency_accesses_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_idempotency_keys` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` bigint(20) NOT NULL,
  `idempotency_key` varchar(255) NOT NULL,
  `fingerprint` varchar(64) NOT NULL,
  `status` bigint(20) DEFAULT NULL,
  `headers` text DEFAULT NULL,
  `body` mediumtext DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  `recorded_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_idempotency_keys_of_user` (`user_id`,`idempotency_key`),
  KEY `ix_yoto_idempotency_keys_created_at` (`created_at`),
  CONSTRAINT `fk_yoto_idempotency_keys_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_operators` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(32) NOT NULL,
  `password_hash` varchar(255) NOT NULL,
  `rights` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (json_valid(`rights`)),
  `disabled` tinyint(1) NOT NULL DEFAULT 0,
  `epoch` bigint(20) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `last_sign_in` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_operators_name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_people` (
  `id` bigint(20) NOT NULL,
  `name` varchar(256) NOT NULL,
  `present` tinyint(1) NOT NULL,
  `disabled` tinyint(1) NOT NULL,
  `super_admin` tinyint(1) NOT NULL,
  `epoch` bigint(20) NOT NULL,
  `asked_at` datetime(6) NOT NULL,
  `changes` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_yoto_people_asked_at` (`asked_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_permission_group_members` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `group_id` bigint(20) NOT NULL,
  `permission_id` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_permission_group_members_group_id_permission_id` (`group_id`,`permission_id`),
  KEY `ix_yoto_permission_group_members_permission_id` (`permission_id`),
  CONSTRAINT `fk_yoto_permission_group_members_group_id` FOREIGN KEY (`group_id`) REFERENCES `yoto_permission_groups` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_permission_group_members_permission_id` FOREIGN KEY (`permission_id`) REFERENCES `yoto_permissions` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_permission_groups` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(128) NOT NULL,
  `description` varchar(500) NOT NULL DEFAULT '',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_permission_groups_name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_permission_outbox` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `subject` varchar(110) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `published_at` datetime(6) DEFAULT NULL,
  `position` varchar(32) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_yoto_permission_outbox_published_at_id` (`published_at`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_permissions` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(128) NOT NULL,
  `bit` bigint(20) NOT NULL,
  `scope` varchar(32) NOT NULL,
  `category` varchar(64) DEFAULT NULL,
  `description` varchar(500) NOT NULL DEFAULT '',
  `abac` tinyint(1) NOT NULL DEFAULT 0,
  `created_at` datetime(6) NOT NULL,
  `on_policy_error` varchar(8) NOT NULL DEFAULT 'deny',
  `requires_approvals` bigint(20) NOT NULL DEFAULT 1,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_permissions_bit` (`bit`),
  UNIQUE KEY `uq_yoto_permissions_name` (`name`),
  KEY `ix_yoto_permissions_category` (`category`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_platform_switches` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(64) NOT NULL,
  `enabled` tinyint(1) NOT NULL DEFAULT 0,
  `reason` varchar(500) DEFAULT NULL,
  `changed_by` bigint(20) DEFAULT NULL,
  `changed_at` datetime(6) NOT NULL,
  `until` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_platform_switches_name` (`name`),
  KEY `fk_yoto_platform_switches_changed_by` (`changed_by`),
  CONSTRAINT `fk_yoto_platform_switches_changed_by` FOREIGN KEY (`changed_by`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_policies` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `kind` varchar(16) NOT NULL,
  `name` varchar(64) NOT NULL,
  `live_version` bigint(20) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_policies_kind_name` (`kind`,`name`),
  CONSTRAINT `ck_yoto_policies_policykind` CHECK (`kind` in ('rego','data'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_policy_revisions` (
  `revision` bigint(20) NOT NULL,
  `kind` varchar(16) NOT NULL,
  `name` varchar(64) NOT NULL,
  `version` bigint(20) DEFAULT NULL,
  `action` varchar(16) NOT NULL,
  `author` varchar(128) NOT NULL,
  `bundle` varchar(64) NOT NULL,
  `at` datetime(6) NOT NULL,
  PRIMARY KEY (`revision`),
  CONSTRAINT `ck_yoto_policy_revisions_policykind` CHECK (`kind` in ('rego','data'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_policy_shadow_counts` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `version_id` bigint(20) NOT NULL,
  `instance` varchar(128) NOT NULL,
  `evaluated` bigint(20) NOT NULL,
  `errors` bigint(20) NOT NULL,
  `flips` longtext NOT NULL CHECK (json_valid(`flips`)),
  `at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_policy_shadow_counts_version_id_instance` (`version_id`,`instance`),
  CONSTRAINT `fk_yoto_policy_shadow_counts_version_id` FOREIGN KEY (`version_id`) REFERENCES `yoto_policy_versions` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_policy_versions` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `policy_id` bigint(20) NOT NULL,
  `version` bigint(20) NOT NULL,
  `source` mediumtext NOT NULL,
  `tests` mediumtext NOT NULL,
  `source_hash` varchar(64) NOT NULL,
  `author` varchar(128) NOT NULL,
  `comment` varchar(500) NOT NULL DEFAULT '',
  `state` varchar(16) NOT NULL,
  `sample` float DEFAULT NULL,
  `at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_policy_versions_policy_id_version` (`policy_id`,`version`),
  CONSTRAINT `fk_yoto_policy_versions_policy_id` FOREIGN KEY (`policy_id`) REFERENCES `yoto_policies` (`id`),
  CONSTRAINT `ck_yoto_policy_versions_policystate` CHECK (`state` in ('live','candidate','retired','dropped'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_resilience_config_changes` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `kind` varchar(32) NOT NULL,
  `name` varchar(128) NOT NULL,
  `version` bigint(20) NOT NULL,
  `origin` varchar(16) NOT NULL,
  `action` varchar(16) NOT NULL,
  `config_values` longtext DEFAULT NULL CHECK (json_valid(`config_values`)),
  `expires_at` datetime(6) DEFAULT NULL,
  `author` varchar(128) NOT NULL,
  `reason` varchar(500) NOT NULL DEFAULT '',
  `at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_resilience_config_changes_kind_name_version` (`kind`,`name`,`version`),
  KEY `ix_yoto_resilience_config_changes_kind_name_origin_version` (`kind`,`name`,`origin`,`version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_resources` (
  `type` varchar(32) NOT NULL,
  `id` varchar(64) NOT NULL,
  `parent_type` varchar(32) DEFAULT NULL,
  `parent_number` bigint(20) DEFAULT NULL,
  `parent_uuid` uuid DEFAULT NULL,
  `parent_text` varchar(64) DEFAULT NULL,
  `owner_id` bigint(20) DEFAULT NULL,
  `attributes` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`attributes`)),
  PRIMARY KEY (`type`,`id`),
  KEY `ix_yoto_resources_parent_number` (`parent_number`),
  KEY `ix_yoto_resources_parent_uuid` (`parent_uuid`),
  KEY `ix_yoto_resources_parent_text` (`parent_text`),
  KEY `ix_yoto_resources_owner_id` (`owner_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_revoked_tokens` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `token_key` varchar(64) NOT NULL,
  `user_id` bigint(20) NOT NULL,
  `reason` varchar(32) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `expires_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_revoked_tokens_token_key` (`token_key`),
  KEY `ix_yoto_revoked_tokens_expires_at` (`expires_at`),
  KEY `ix_yoto_revoked_tokens_user_id` (`user_id`),
  CONSTRAINT `fk_yoto_revoked_tokens_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_role_assignments` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` bigint(20) DEFAULT NULL,
  `role_id` bigint(20) NOT NULL,
  `valid_from` datetime(6) DEFAULT NULL,
  `valid_until` datetime(6) DEFAULT NULL,
  `assigned_by` bigint(20) DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  `team_id` bigint(20) DEFAULT NULL,
  `subject` varchar(110) NOT NULL,
  `node` varchar(100) NOT NULL,
  `attributes` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`attributes`)),
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_role_assignments_subject_role_id_node` (`subject`,`role_id`,`node`),
  KEY `fk_yoto_role_assignments_assigned_by` (`assigned_by`),
  KEY `ix_yoto_role_assignments_role_id_user_id` (`role_id`,`user_id`),
  KEY `ix_yoto_role_assignments_valid_from` (`valid_from`),
  KEY `ix_yoto_role_assignments_valid_until` (`valid_until`),
  KEY `ix_yoto_role_assignments_user_id_role_id` (`user_id`,`role_id`),
  KEY `ix_yoto_role_assignments_node` (`node`),
  KEY `ix_yoto_role_assignments_team_id` (`team_id`),
  CONSTRAINT `fk_yoto_role_assignments_assigned_by` FOREIGN KEY (`assigned_by`) REFERENCES `users` (`id`),
  CONSTRAINT `fk_yoto_role_assignments_role_id` FOREIGN KEY (`role_id`) REFERENCES `yoto_roles` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_role_assignments_team_id` FOREIGN KEY (`team_id`) REFERENCES `yoto_teams` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_role_grants` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `role_id` bigint(20) NOT NULL,
  `permission_id` bigint(20) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `server_id` bigint(20) DEFAULT NULL,
  `channel_id` bigint(20) DEFAULT NULL,
  `scope_key` varchar(100) NOT NULL,
  `effect` varchar(16) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_role_grants_role_id_permission_id_scope_key` (`role_id`,`permission_id`,`scope_key`),
  KEY `ix_yoto_role_grants_channel_id` (`channel_id`),
  KEY `ix_yoto_role_grants_permission_id` (`permission_id`),
  KEY `ix_yoto_role_grants_server_id` (`server_id`),
  KEY `ix_yoto_role_grants_scope_key` (`scope_key`),
  CONSTRAINT `fk_yoto_role_grants_channel_id` FOREIGN KEY (`channel_id`) REFERENCES `channels` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_role_grants_permission_id` FOREIGN KEY (`permission_id`) REFERENCES `yoto_permissions` (`id`),
  CONSTRAINT `fk_yoto_role_grants_role_id` FOREIGN KEY (`role_id`) REFERENCES `yoto_roles` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_role_grants_server_id` FOREIGN KEY (`server_id`) REFERENCES `servers` (`id`) ON DELETE CASCADE,
  CONSTRAINT `ck_yoto_role_grants_effect` CHECK (`effect` in ('allow','deny'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_role_group_grants` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `role_id` bigint(20) NOT NULL,
  `group_id` bigint(20) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `server_id` bigint(20) DEFAULT NULL,
  `channel_id` bigint(20) DEFAULT NULL,
  `scope_key` varchar(100) NOT NULL,
  `effect` varchar(16) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_role_group_grants_role_id_group_id_scope_key` (`role_id`,`group_id`,`scope_key`),
  KEY `ix_yoto_role_group_grants_channel_id` (`channel_id`),
  KEY `ix_yoto_role_group_grants_group_id` (`group_id`),
  KEY `ix_yoto_role_group_grants_server_id` (`server_id`),
  KEY `ix_yoto_role_group_grants_scope_key` (`scope_key`),
  CONSTRAINT `fk_yoto_role_group_grants_channel_id` FOREIGN KEY (`channel_id`) REFERENCES `channels` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_role_group_grants_group_id` FOREIGN KEY (`group_id`) REFERENCES `yoto_permission_groups` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_role_group_grants_role_id` FOREIGN KEY (`role_id`) REFERENCES `yoto_roles` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_role_group_grants_server_id` FOREIGN KEY (`server_id`) REFERENCES `servers` (`id`) ON DELETE CASCADE,
  CONSTRAINT `ck_yoto_role_group_grants_effect` CHECK (`effect` in ('allow','deny'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_role_parents` (
  `role_id` bigint(20) NOT NULL,
  `parent_id` bigint(20) NOT NULL,
  PRIMARY KEY (`role_id`,`parent_id`),
  KEY `ix_yoto_role_parents_parent_id` (`parent_id`),
  CONSTRAINT `fk_yoto_role_parents_parent_id` FOREIGN KEY (`parent_id`) REFERENCES `yoto_roles` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_role_parents_role_id` FOREIGN KEY (`role_id`) REFERENCES `yoto_roles` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_roles` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `server_id` bigint(20) DEFAULT NULL,
  `name` varchar(100) NOT NULL,
  `parent_id` bigint(20) DEFAULT NULL,
  `position` bigint(20) NOT NULL DEFAULT 1,
  `active` tinyint(1) NOT NULL DEFAULT 1,
  `is_default` tinyint(1) NOT NULL DEFAULT 0,
  `created_at` datetime(6) NOT NULL,
  `home` varchar(100) NOT NULL,
  `access_request_id` bigint(20) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_roles_home_name` (`home`,`name`),
  KEY `ix_yoto_roles_parent_id` (`parent_id`),
  KEY `ix_yoto_roles_server_id` (`server_id`),
  CONSTRAINT `fk_yoto_roles_parent_id` FOREIGN KEY (`parent_id`) REFERENCES `yoto_roles` (`id`) ON DELETE SET NULL,
  CONSTRAINT `fk_yoto_roles_server_id` FOREIGN KEY (`server_id`) REFERENCES `servers` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_roles_asked` (
  `id` bigint(20) NOT NULL,
  `asked_at` datetime(6) NOT NULL,
  `changes` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_yoto_roles_asked_asked_at` (`asked_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_roles_provided` (
  `user_id` bigint(20) NOT NULL,
  `role_id` bigint(20) NOT NULL,
  `node` varchar(100) NOT NULL,
  `valid_until` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`user_id`,`role_id`,`node`),
  KEY `ix_yoto_roles_provided_role_id` (`role_id`),
  KEY `ix_yoto_roles_provided_valid_until` (`valid_until`),
  CONSTRAINT `fk_yoto_roles_provided_role_id` FOREIGN KEY (`role_id`) REFERENCES `yoto_roles` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_subjects` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `key` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_subjects_key` (`key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_team_members` (
  `team_id` bigint(20) NOT NULL,
  `user_id` bigint(20) NOT NULL,
  `valid_from` datetime(6) DEFAULT NULL,
  `valid_until` datetime(6) DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`team_id`,`user_id`),
  KEY `ix_yoto_team_members_user_id` (`user_id`),
  KEY `ix_yoto_team_members_valid_from` (`valid_from`),
  KEY `ix_yoto_team_members_valid_until` (`valid_until`),
  CONSTRAINT `fk_yoto_team_members_team_id` FOREIGN KEY (`team_id`) REFERENCES `yoto_teams` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_team_parents` (
  `team_id` bigint(20) NOT NULL,
  `parent_id` bigint(20) NOT NULL,
  PRIMARY KEY (`team_id`,`parent_id`),
  KEY `ix_yoto_team_parents_parent_id` (`parent_id`),
  CONSTRAINT `fk_yoto_team_parents_parent_id` FOREIGN KEY (`parent_id`) REFERENCES `yoto_teams` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_yoto_team_parents_team_id` FOREIGN KEY (`team_id`) REFERENCES `yoto_teams` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE `yoto_teams` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(100) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_yoto_teams_name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TRIGGER yoto_audit_records_no_delete BEFORE DELETE ON yoto_audit_records FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'yoto_audit_records is append-only';

CREATE TRIGGER yoto_audit_records_no_update BEFORE UPDATE ON yoto_audit_records FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'yoto_audit_records is append-only';

SET FOREIGN_KEY_CHECKS = 1;

INSERT INTO alembic_version VALUES ('0019');

INSERT INTO yoto_alembic_version VALUES ('0010');

INSERT INTO yoto_alert_board (id, version, tracks) VALUES (1, 0, '{}');
