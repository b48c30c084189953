"""The additional builtins that an OPA server is given: OPA is the engine that others follow.

Builtins are listed and not taken from the server, so that a new one of a later OPA stays out until
it was looked at. Left out are those that ``policies.sources`` calls harmful; signatures and keys,
which are made by chance (``io.jwt.encode_sign``, ``providers.aws.sign_req``); templates
(``strings.render_template``), whose loops have no end that a server could set; ``rego.metadata``,
since policies stand at another place on the server; and the operators by their names.
"""

from __future__ import annotations

from yoto.rooms.policies.sources import EVERY_FORM, FORBIDDEN, HARMFUL

_ALONE = frozenset("""
    array.flatten crypto.hmac.equal crypto.hmac.md5 crypto.hmac.sha1 crypto.hmac.sha256
    crypto.hmac.sha512 crypto.md5 crypto.parse_private_keys crypto.sha1 crypto.sha256
    crypto.x509.parse_and_verify_certificates
    crypto.x509.parse_and_verify_certificates_with_options crypto.x509.parse_certificate_request
    crypto.x509.parse_certificates crypto.x509.parse_keypair crypto.x509.parse_rsa_private_key
    graphql.is_valid graphql.parse graphql.parse_and_verify graphql.parse_query graphql.parse_schema
    graphql.schema_is_valid io.jwt.decode io.jwt.decode_verify io.jwt.verify_eddsa
    io.jwt.verify_es256 io.jwt.verify_es384 io.jwt.verify_es512 io.jwt.verify_hs256
    io.jwt.verify_hs384 io.jwt.verify_hs512 io.jwt.verify_ps256 io.jwt.verify_ps384
    io.jwt.verify_ps512 io.jwt.verify_rs256 io.jwt.verify_rs384 io.jwt.verify_rs512 json.patch
    net.cidr_contains_matches net.cidr_intersects net.cidr_merge regex.globs_match
    rego.parse_module strings.split_n uri.is_valid uri.parse
    """.split())
EXACT = (frozenset(FORBIDDEN) - frozenset(HARMFUL)) | _ALONE | {EVERY_FORM}
