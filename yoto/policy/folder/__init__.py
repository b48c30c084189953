"""Policies in files: the default bundle, and the folder that is watched in development."""

from yoto.policy.folder.default import DEFAULT_AUTHOR, Upgrade, upgrade_of
from yoto.policy.folder.files import read_folder
from yoto.policy.folder.watch import FolderWatch

__all__ = ["DEFAULT_AUTHOR", "FolderWatch", "Upgrade", "read_folder", "upgrade_of"]
