/** Of both programs of `holdfast doctor`: of the host alone, and of tokens besides (key-server/doctor/). */
export const usage = `Usage: holdfast doctor [--json]
       holdfast doctor [--json] --config key-server.toml
       holdfast doctor [--json] --token PKCS11-URI [--pin-source file:PATH | env:NAME | credential:NAME]

Says of each protection of secrets in memory whether it is on, off or impossible on this machine, and how to mend
what is off. Run it as the user, and under the limits, that will run Holdfast.

With --config or --token also what each token of a key server's configuration, or the one of the URI (with
module-path), says of itself; the mechanisms that it lists; and for each private key what really works, found by
signing. It logs in once at most, never again with a PIN that was refused, and changes nothing in the token. Run it
in the environment of the key server. With an HSM or SoftHSM the key server may run meanwhile. With a TPM without a
resource manager (not /dev/tpmrm0) stop it first: the TPM has few places for keys, and both would want them.
A module that hangs is waited for without end: Ctrl-C ends the doctor.

Example: holdfast doctor --pin-source file:tpm.pin \\
  --token 'pkcs11:token=tpm?module-path=/usr/lib/x86_64-linux-gnu/libtpm2_pkcs11.so.1'

Exit codes: 0 nothing is off, 1 something is, 2 a wrong command line.
`;
