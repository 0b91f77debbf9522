/** RFC 8446, Section 5.1: the most plaintext a record may carry. */
export const maxPlaintext = 2 ** 14;
/** RFC 8446, Section 5.2: the most an encrypted record's fragment may be long. */
export const maxTls13Ciphertext = maxPlaintext + 256;
/** RFC 5246, Section 6.2.3. */
export const maxTls12Ciphertext = maxPlaintext + 2048;

/** RFC 8446, Section 5.1: type, version, length. */
export const recordHeaderLength = 5;

/** Records without content, change_cipher_spec included, that may follow each other. */
export const maxEmptyRecords = 32;
/** Warning alerts that may follow each other. */
export const maxWarningAlerts = 4;
/** KeyUpdates that may follow each other without application data. */
export const maxKeyUpdates = 32;
/** Bytes of refused early data that are skipped, in ciphertext with its headers. */
export const maxSkippedEarlyData = 2 ** 14;
/** What a connection may have buffered while the engine waits for an answer from its own side. */
export const maxBuffered = 2 ** 18;
