#include "tls_client.h"
#include <openssl/err.h>
#include <unistd.h>
#include "event_loop.h"

namespace {

std::string opensslReason() {
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  return text;
}

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string(what) + ": " + opensslReason());
}

int keepSession(SSL* ssl, SSL_SESSION* session) {
  auto slot = static_cast<SessionSlot*>(SSL_get_app_data(ssl));
  if (slot == nullptr) return 0;
  slot->replace(session);
  return 1;  // the reference is ours
}

}  // namespace

TlsClient::TlsClient(const Options& options)
    : context_(SSL_CTX_new(TLS_client_method())),
      address_(addressOf(options)),
      serverName_(options.text("name")) {
  int version = options.text("version") == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION;
  SSL_CTX_set_min_proto_version(context_, version);
  SSL_CTX_set_max_proto_version(context_, version);
  must(SSL_CTX_set_ciphersuites(context_, "TLS_AES_128_GCM_SHA256"), "ciphersuites");
  must(SSL_CTX_set_cipher_list(context_, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"), "ciphers");
  // P-256 is there for TLS 1.2, where the list also says on which curves a certificate's key may be (RFC 8422,
  // Section 5.1.1); the key share, and every server's choice, is X25519.
  must(SSL_CTX_set1_groups_list(context_, "X25519:P-256"), "groups");
  must(SSL_CTX_set1_sigalgs_list(context_, "ECDSA+SHA256:RSA-PSS+SHA256"), "sigalgs");
  // Without trust=FILE nothing is verified: benchmarks measure the server.
  const std::string trust = options.text("trust", "");
  if (!trust.empty()) {
    must(SSL_CTX_load_verify_locations(context_, trust.c_str(), nullptr), "trust");
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  }
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, keepSession);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
}

TlsConnection::TlsConnection(const TlsClient& client, SessionSlot* slot)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), ssl_(nullptr) {
  if (fd_ < 0) failErrno("socket");
  sendAtOnce(fd_);
  auto address = reinterpret_cast<const sockaddr*>(&client.address());
  if (connect(fd_, address, sizeof client.address()) < 0 && errno != EINPROGRESS) {
    close(fd_);
    failErrno("connect");
  }
  ssl_ = SSL_new(client.context());
  SSL_set_fd(ssl_, fd_);
  SSL_set_connect_state(ssl_);
  SSL_set_tlsext_host_name(ssl_, client.serverName().c_str());
  SSL_set1_host(ssl_, client.serverName().c_str());
  SSL_set_app_data(ssl_, slot);
  if (slot != nullptr && slot->session() != nullptr) SSL_set_session(ssl_, slot->session());
}

TlsConnection::~TlsConnection() {
  SSL_free(ssl_);
  close(fd_);
}

Progress TlsConnection::read(void* bytes, size_t length, size_t& count) {
  count = 0;
  return progress(SSL_read_ex(ssl_, bytes, length, &count), "read");
}

Progress TlsConnection::write(const void* bytes, size_t length, size_t& count) {
  count = 0;
  return progress(SSL_write_ex(ssl_, bytes, length, &count), "write");
}

void TlsConnection::finish() {
  // A ticket that renews a TLS 1.2 session reaches no callback, and OpenSSL takes the old session out of service.
  auto slot = static_cast<SessionSlot*>(SSL_get_app_data(ssl_));
  if (slot != nullptr && SSL_version(ssl_) == TLS1_2_VERSION) slot->replace(SSL_get1_session(ssl_));
  SSL_shutdown(ssl_);
  shutdown(fd_, SHUT_WR);
}

Progress TlsConnection::progress(int result, const char* what) {
  if (result == 1) return Progress::done;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Progress::blocked;
    case SSL_ERROR_ZERO_RETURN:
      return Progress::ended;
    case SSL_ERROR_SYSCALL:
      // Before the TCP connection is there; a handler is called once as it is added to the loop.
      if (errno == ENOTCONN || errno == EAGAIN) return Progress::blocked;
      failErrno(what);
    default:
      throw std::runtime_error(std::string(what) + ": " + opensslReason());
  }
}

std::string backendCommand(char letter, uint64_t number) {
  std::string command(1, letter);
  for (int shift = 56; shift >= 0; shift -= 8) command.push_back(static_cast<char>(number >> shift));
  return command;
}
