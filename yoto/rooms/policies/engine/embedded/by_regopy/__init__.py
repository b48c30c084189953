"""Rego in this process where regorus has no package: by ``regopy``, which is rego-cpp.

It checks less than other engines and reads some of the language otherwise, silently. So a set may
hold only forms that regopy was found to read as they do (``subset``), and is rewritten before it
gets it (``writing``): a result that depends on values is then right or an error, which denies.
"""
