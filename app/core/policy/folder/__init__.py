"""Policies in files: the default bundle, and the folder that is watched in development."""

from app.core.policy.folder.default import DEFAULT_AUTHOR, Upgrade, upgrade_of
from app.core.policy.folder.files import read_folder
from app.core.policy.folder.watch import FolderWatch

__all__ = ["DEFAULT_AUTHOR", "FolderWatch", "Upgrade", "read_folder", "upgrade_of"]
