/** What this software calls itself to peers of its own kind: for their logs, never for decisions. */
export const softwareVersion = "unreleased";
