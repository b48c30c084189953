"""Policies in files: the default bundle, and the folder that is watched in development."""

from yoto.rooms.policies.folder.default import DEFAULT_AUTHOR, Upgrade, upgrade_of
from yoto.rooms.policies.folder.files import read_folder
from yoto.rooms.policies.folder.watch import FolderWatch

__all__ = ["DEFAULT_AUTHOR", "FolderWatch", "Upgrade", "read_folder", "upgrade_of"]
