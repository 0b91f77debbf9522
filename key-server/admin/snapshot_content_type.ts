/** A file of SQLite, as IANA registers it. */
export const snapshotContentType = "application/vnd.sqlite3";
