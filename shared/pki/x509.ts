/**
 * @peculiar/x509 with what it must find before it loads: its injection container reads decorators' metadata, and
 * refuses to start without this polyfill. Import the library from here only.
 */
import "reflect-metadata";

export * from "@peculiar/x509";
