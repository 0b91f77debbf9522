/**
 * OpenSSL's libcrypto, 3.0 or later, as far as Holdfast needs it. Objects and addresses of locked memory are `usize`
 * numbers; a parameter of public bytes is a `buffer`. Where one function takes both, a name ending in `_at` or
 * `_bytes` is the same function with the other of the two. Sources: the manual page of each function in OpenSSL 3.0.
 */
export const libcryptoSymbols = {
  OpenSSL_version_num: { parameters: [], result: "usize" },
  ERR_get_error: { parameters: [], result: "usize" },
  ERR_clear_error: { parameters: [], result: "void" },
  ERR_error_string_n: {
    parameters: ["usize", /* e */ "buffer", /* buf */ "usize" /* len */],
    result: "void",
  },
  CRYPTO_free: { parameters: ["usize", /* str */ "pointer", /* file */ "i32" /* line */], result: "void" },
  CRYPTO_memcmp: { parameters: ["buffer", /* a */ "buffer", /* b */ "usize" /* len */], result: "i32" },
  CRYPTO_secure_malloc_init: { parameters: ["usize", /* size */ "usize" /* minsize */], result: "i32" },
  CRYPTO_secure_malloc_done: { parameters: [], result: "i32" },
  CRYPTO_secure_malloc_initialized: { parameters: [], result: "i32" },
  CRYPTO_secure_used: { parameters: [], result: "usize" },
  RAND_priv_bytes: { parameters: ["usize", /* buf */ "i32" /* num */], result: "i32" },

  // Digests
  EVP_MD_fetch: {
    parameters: ["usize", /* ctx */ "buffer", /* algorithm */ "pointer" /* properties */],
    result: "usize",
  },
  EVP_MD_CTX_new: { parameters: [], result: "usize" },
  EVP_MD_CTX_free: { parameters: ["usize" /* ctx */], result: "void" },
  EVP_MD_CTX_copy_ex: { parameters: ["usize", /* out */ "usize" /* in */], result: "i32" },
  EVP_DigestInit_ex2: {
    parameters: ["usize", /* ctx */ "usize", /* type */ "pointer" /* params */],
    result: "i32",
  },
  EVP_DigestUpdate: { parameters: ["usize", /* ctx */ "buffer", /* d */ "usize" /* cnt */], result: "i32" },
  EVP_DigestFinal_ex: {
    parameters: ["usize", /* ctx */ "buffer", /* md */ "pointer" /* s */],
    result: "i32",
  },

  // Message authentication codes
  EVP_MAC_fetch: {
    parameters: ["usize", /* libctx */ "buffer", /* algorithm */ "pointer" /* properties */],
    result: "usize",
  },
  EVP_MAC_CTX_new: { parameters: ["usize" /* mac */], result: "usize" },
  EVP_MAC_init: {
    parameters: ["usize", /* ctx */ "usize", /* key */ "usize", /* keylen */ "buffer" /* params */],
    result: "i32",
  },
  EVP_MAC_init_bytes: {
    name: "EVP_MAC_init",
    parameters: ["usize", /* ctx */ "buffer", /* key */ "usize", /* keylen */ "buffer" /* params */],
    result: "i32",
  },
  EVP_MAC_update: {
    parameters: ["usize", /* ctx */ "buffer", /* data */ "usize" /* datalen */],
    result: "i32",
  },
  EVP_MAC_update_at: {
    name: "EVP_MAC_update",
    parameters: ["usize", /* ctx */ "usize", /* data */ "usize" /* datalen */],
    result: "i32",
  },
  EVP_MAC_final: {
    parameters: ["usize", /* ctx */ "buffer", /* out */ "pointer", /* outl */ "usize" /* outsize */],
    result: "i32",
  },
  EVP_MAC_final_at: {
    name: "EVP_MAC_final",
    parameters: ["usize", /* ctx */ "usize", /* out */ "pointer", /* outl */ "usize" /* outsize */],
    result: "i32",
  },

  // Ciphers
  EVP_CIPHER_fetch: {
    parameters: ["usize", /* ctx */ "buffer", /* algorithm */ "pointer" /* properties */],
    result: "usize",
  },
  EVP_CIPHER_CTX_new: { parameters: [], result: "usize" },
  EVP_CIPHER_CTX_ctrl: {
    parameters: ["usize", /* ctx */ "i32", /* type */ "i32", /* arg */ "buffer" /* ptr */],
    result: "i32",
  },
  EVP_CipherInit_ex2: {
    parameters: [
      "usize", /* ctx */
      "usize", /* cipher */
      "usize", /* key */
      "buffer", /* iv */
      "i32", /* enc */
      "pointer", /* params */
    ],
    result: "i32",
  },
  EVP_CipherUpdate: {
    parameters: [
      "usize", /* ctx */
      "buffer", /* out */
      "buffer", /* outl */
      "buffer", /* in */
      "i32", /* inl */
    ],
    result: "i32",
  },
  EVP_CipherUpdate_at: {
    name: "EVP_CipherUpdate",
    parameters: [
      "usize", /* ctx */
      "usize", /* out */
      "buffer", /* outl */
      "usize", /* in */
      "i32", /* inl */
    ],
    result: "i32",
  },
  EVP_CipherFinal_ex: {
    parameters: ["usize", /* ctx */ "buffer", /* outm */ "buffer" /* outl */],
    result: "i32",
  },

  // Keys and key agreement
  EVP_KEYMGMT_fetch: {
    parameters: ["usize", /* ctx */ "buffer", /* algorithm */ "pointer" /* properties */],
    result: "usize",
  },
  EVP_PKEY_free: { parameters: ["usize" /* key */], result: "void" },
  EVP_PKEY_new: { parameters: [], result: "usize" },
  EVP_PKEY_is_a: { parameters: ["usize", /* pkey */ "buffer" /* name */], result: "i32" },
  EVP_PKEY_get_bits: { parameters: ["usize" /* pkey */], result: "i32" },
  EVP_PKEY_get_utf8_string_param: {
    parameters: [
      "usize", /* pkey */
      "buffer", /* key_name */
      "buffer", /* str */
      "usize", /* max_buf_sz */
      "buffer", /* out_sz */
    ],
    result: "i32",
  },
  EVP_PKEY_get_octet_string_param: {
    parameters: [
      "usize", /* pkey */
      "buffer", /* key_name */
      "buffer", /* buf */
      "usize", /* max_buf_sz */
      "buffer", /* out_sz */
    ],
    result: "i32",
  },
  EVP_PKEY_copy_parameters: { parameters: ["usize", /* to */ "usize" /* from */], result: "i32" },
  EVP_PKEY_set1_encoded_public_key: {
    parameters: ["usize", /* pkey */ "buffer", /* pub */ "usize" /* publen */],
    result: "i32",
  },
  EVP_PKEY_new_raw_public_key_ex: {
    parameters: [
      "usize", /* libctx */
      "buffer", /* keytype */
      "pointer", /* propq */
      "buffer", /* key */
      "usize", /* keylen */
    ],
    result: "usize",
  },
  EVP_PKEY_new_raw_private_key_ex: {
    parameters: [
      "usize", /* libctx */
      "buffer", /* keytype */
      "pointer", /* propq */
      "usize", /* key */
      "usize", /* keylen */
    ],
    result: "usize",
  },
  d2i_PrivateKey: {
    parameters: ["i32", /* type */ "usize", /* a */ "buffer", /* pp */ "i64" /* length */],
    result: "usize",
  },
  EVP_PKEY_CTX_new_from_name: {
    parameters: ["usize", /* libctx */ "buffer", /* name */ "pointer" /* propquery */],
    result: "usize",
  },
  EVP_PKEY_CTX_new_from_pkey: {
    parameters: ["usize", /* libctx */ "usize", /* pkey */ "pointer" /* propquery */],
    result: "usize",
  },
  EVP_PKEY_CTX_free: { parameters: ["usize" /* ctx */], result: "void" },
  EVP_PKEY_keygen_init: { parameters: ["usize" /* ctx */], result: "i32" },
  EVP_PKEY_CTX_set_group_name: { parameters: ["usize", /* ctx */ "buffer" /* name */], result: "i32" },
  EVP_PKEY_generate: { parameters: ["usize", /* ctx */ "buffer" /* ppkey */], result: "i32" },
  EVP_PKEY_derive_init: { parameters: ["usize" /* ctx */], result: "i32" },
  EVP_PKEY_derive_set_peer_ex: {
    parameters: ["usize", /* ctx */ "usize", /* peer */ "i32" /* validate_peer */],
    result: "i32",
  },
  EVP_PKEY_derive: {
    parameters: ["usize", /* ctx */ "usize", /* key */ "buffer" /* keylen */],
    result: "i32",
  },
  EVP_PKEY_encapsulate_init: { parameters: ["usize", /* ctx */ "pointer" /* params */], result: "i32" },
  EVP_PKEY_encapsulate: {
    parameters: [
      "usize", /* ctx */
      "buffer", /* wrappedkey */
      "buffer", /* wrappedkeylen */
      "usize", /* genkey */
      "buffer", /* genkeylen */
    ],
    result: "i32",
  },

  // Signatures
  EVP_DigestVerifyInit_ex: {
    parameters: [
      "usize", /* ctx */
      "buffer", /* pctx */
      "buffer", /* mdname */
      "usize", /* libctx */
      "pointer", /* props */
      "usize", /* pkey */
      "pointer", /* params */
    ],
    result: "i32",
  },
  EVP_DigestVerify: {
    parameters: [
      "usize", /* ctx */
      "buffer", /* sigret */
      "usize", /* siglen */
      "buffer", /* tbs */
      "usize", /* tbslen */
    ],
    result: "i32",
  },
  EVP_PKEY_CTX_set_rsa_padding: { parameters: ["usize", /* ctx */ "i32" /* pad */], result: "i32" },
  EVP_PKEY_CTX_set_rsa_pss_saltlen: { parameters: ["usize", /* ctx */ "i32" /* saltlen */], result: "i32" },

  // Certificates
  d2i_PUBKEY: { parameters: ["usize", /* a */ "buffer", /* ppin */ "i64" /* length */], result: "usize" },
  d2i_X509: { parameters: ["usize", /* a */ "buffer", /* ppin */ "i64" /* length */], result: "usize" },
  X509_free: { parameters: ["usize" /* a */], result: "void" },
  X509_get0_pubkey: { parameters: ["usize" /* x */], result: "usize" },
  X509_get_X509_PUBKEY: { parameters: ["usize" /* x */], result: "usize" },
  i2d_X509_PUBKEY: { parameters: ["usize", /* a */ "buffer" /* ppout */], result: "i32" },
  X509_pubkey_digest: {
    parameters: ["usize", /* data */ "usize", /* type */ "buffer", /* md */ "pointer" /* len */],
    result: "i32",
  },
  X509_get_ext_d2i: {
    parameters: ["usize", /* x */ "i32", /* nid */ "buffer", /* crit */ "pointer" /* idx */],
    result: "usize",
  },
  X509_get0_notBefore: { parameters: ["usize" /* x */], result: "usize" },
  X509_get0_notAfter: { parameters: ["usize" /* x */], result: "usize" },
  X509_get0_serialNumber: { parameters: ["usize" /* x */], result: "usize" },
  X509_get_subject_name: { parameters: ["usize" /* x */], result: "usize" },
  X509_get_issuer_name: { parameters: ["usize" /* x */], result: "usize" },
  X509_get_key_usage: { parameters: ["usize" /* x */], result: "u32" },
  X509_NAME_print_ex: {
    parameters: ["usize", /* out */ "usize", /* nm */ "i32", /* indent */ "usize" /* flags */],
    result: "i32",
  },
  i2d_X509_NAME: { parameters: ["usize", /* a */ "buffer" /* ppout */], result: "i32" },
  d2i_X509_CRL: { parameters: ["usize", /* a */ "buffer", /* ppin */ "i64" /* length */], result: "usize" },
  X509_CRL_free: { parameters: ["usize" /* a */], result: "void" },
  GENERAL_NAME_get0_value: { parameters: ["usize", /* a */ "buffer" /* ptype */], result: "usize" },
  GENERAL_NAMES_free: { parameters: ["usize" /* gens */], result: "void" },
  OPENSSL_sk_new_null: { parameters: [], result: "usize" },
  OPENSSL_sk_push: { parameters: ["usize", /* st */ "usize" /* data */], result: "i32" },
  OPENSSL_sk_free: { parameters: ["usize" /* st */], result: "void" },
  OPENSSL_sk_num: { parameters: ["usize" /* st */], result: "i32" },
  OPENSSL_sk_value: { parameters: ["usize", /* st */ "i32" /* i */], result: "usize" },

  // Path validation
  X509_STORE_new: { parameters: [], result: "usize" },
  X509_STORE_free: { parameters: ["usize" /* v */], result: "void" },
  X509_STORE_add_cert: { parameters: ["usize", /* ctx */ "usize" /* x */], result: "i32" },
  X509_STORE_add_crl: { parameters: ["usize", /* ctx */ "usize" /* x */], result: "i32" },
  X509_STORE_set_flags: { parameters: ["usize", /* ctx */ "u64" /* flags */], result: "i32" },
  X509_STORE_CTX_new: { parameters: [], result: "usize" },
  X509_STORE_CTX_free: { parameters: ["usize" /* ctx */], result: "void" },
  X509_STORE_CTX_init: {
    parameters: ["usize", /* ctx */ "usize", /* trust_store */ "usize", /* target */ "usize" /* untrusted */],
    result: "i32",
  },
  X509_STORE_CTX_set_default: { parameters: ["usize", /* ctx */ "buffer" /* name */], result: "i32" },
  X509_STORE_CTX_get0_param: { parameters: ["usize" /* ctx */], result: "usize" },
  X509_STORE_CTX_get_error: { parameters: ["usize" /* ctx */], result: "i32" },
  X509_STORE_CTX_get_error_depth: { parameters: ["usize" /* ctx */], result: "i32" },
  X509_VERIFY_PARAM_set_flags: { parameters: ["usize", /* param */ "u64" /* flags */], result: "i32" },
  X509_VERIFY_PARAM_set_time: { parameters: ["usize", /* param */ "i64" /* t */], result: "void" },
  X509_VERIFY_PARAM_set_depth: { parameters: ["usize", /* param */ "i32" /* depth */], result: "void" },
  X509_VERIFY_PARAM_set_auth_level: {
    parameters: ["usize", /* param */ "i32" /* auth_level */],
    result: "void",
  },
  X509_verify_cert: { parameters: ["usize" /* ctx */], result: "i32" },
  X509_verify_cert_error_string: { parameters: ["i64" /* n */], result: "pointer" },

  // OCSP
  d2i_OCSP_RESPONSE: {
    parameters: ["usize", /* a */ "buffer", /* ppin */ "i64" /* length */],
    result: "usize",
  },
  OCSP_RESPONSE_free: { parameters: ["usize" /* a */], result: "void" },
  OCSP_response_status: { parameters: ["usize" /* resp */], result: "i32" },
  OCSP_response_get1_basic: { parameters: ["usize" /* resp */], result: "usize" },
  OCSP_BASICRESP_free: { parameters: ["usize" /* a */], result: "void" },
  OCSP_resp_count: { parameters: ["usize" /* bs */], result: "i32" },
  OCSP_resp_get0: { parameters: ["usize", /* bs */ "i32" /* idx */], result: "usize" },
  OCSP_SINGLERESP_get0_id: { parameters: ["usize" /* single */], result: "usize" },
  OCSP_id_get0_info: {
    parameters: [
      "buffer", /* piNameHash */
      "buffer", /* pmd */
      "pointer", /* pikeyHash */
      "buffer", /* pserial */
      "usize", /* cid */
    ],
    result: "i32",
  },
  OCSP_single_get0_status: {
    parameters: [
      "usize", /* single */
      "pointer", /* reason */
      "pointer", /* revtime */
      "buffer", /* thisupd */
      "buffer", /* nextupd */
    ],
    result: "i32",
  },
  OCSP_basic_verify: {
    parameters: ["usize", /* bs */ "usize", /* certs */ "usize", /* st */ "u64" /* flags */],
    result: "i32",
  },
  OBJ_obj2nid: { parameters: ["usize" /* o */], result: "i32" },
  X509_NAME_digest: {
    parameters: ["usize", /* data */ "usize", /* type */ "buffer", /* md */ "pointer" /* len */],
    result: "i32",
  },
  ASN1_INTEGER_cmp: { parameters: ["usize", /* x */ "usize" /* y */], result: "i32" },

  ASN1_STRING_get0_data: { parameters: ["usize" /* x */], result: "pointer" },
  ASN1_STRING_length: { parameters: ["usize" /* x */], result: "i32" },
  ASN1_STRING_type: { parameters: ["usize" /* x */], result: "i32" },
  ASN1_TIME_to_tm: { parameters: ["usize", /* s */ "buffer" /* tm */], result: "i32" },
  BIO_new: { parameters: ["usize" /* type */], result: "usize" },
  BIO_s_mem: { parameters: [], result: "usize" },
  BIO_read: { parameters: ["usize", /* b */ "buffer", /* data */ "i32" /* dlen */], result: "i32" },
  BIO_free: { parameters: ["usize" /* a */], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;
