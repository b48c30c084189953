// The permissions that mean something in a community, in the order of its lists.

/** The permissions that a role may have in the server. */
export const PERMISSIONS = ["channel.read", "message.read_history", "message.send", "message.pin", "message.manage", "channel.manage", "channel.overwrite", "member.invite", "member.nickname", "member.timeout", "member.kick", "member.ban", "role.assign", "role.manage", "server.audit", "server.manage", "server.administrator"];

/** The permissions that can be overwritten in a channel. */
export const IN_CHANNEL = PERMISSIONS.slice(0, 7);
