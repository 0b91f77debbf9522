// A TLS connection of the load generator, over OpenSSL.
#pragma once
#include <openssl/ssl.h>
#include <string>
#include "options.h"
#include "sockets.h"

// What all connections of one run share: the server's address and what is offered to it.
class TlsClient {
 public:
  explicit TlsClient(const Options& options);
  ~TlsClient() { SSL_CTX_free(context_); }
  TlsClient(const TlsClient&) = delete;

  SSL_CTX* context() const { return context_; }
  const sockaddr_in& address() const { return address_; }
  const std::string& serverName() const { return serverName_; }

 private:
  SSL_CTX* context_;
  sockaddr_in address_;
  std::string serverName_;
};

// The latest session that a server gave for one slot of connections.
class SessionSlot {
 public:
  ~SessionSlot() { SSL_SESSION_free(session_); }
  void replace(SSL_SESSION* session) {
    SSL_SESSION_free(session_);
    session_ = session;
  }
  SSL_SESSION* session() const { return session_; }

 private:
  SSL_SESSION* session_ = nullptr;
};

enum class Progress { done, blocked, ended };

// One connection, not blocking. What fails throws.
class TlsConnection {
 public:
  // Begins to connect; with a slot that has a session, it is offered, and later ones are kept there.
  TlsConnection(const TlsClient& client, SessionSlot* slot);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;

  int fd() const { return fd_; }
  // What the server has shown; ours to read only.
  const X509* certificate() const { return SSL_get0_peer_certificate(ssl_); }
  bool resumed() const { return SSL_session_reused(ssl_) == 1; }
  Progress handshake() { return progress(SSL_do_handshake(ssl_), "handshake"); }
  // `count` is how many bytes there were.
  Progress read(void* bytes, size_t length, size_t& count);
  Progress write(const void* bytes, size_t length, size_t& count);
  // Keeps the session, sends close_notify and a FIN.
  void finish();

 private:
  Progress progress(int result, const char* what);

  int fd_;
  SSL* ssl_;
};

// A command of the backend: its letter and a number.
std::string backendCommand(char letter, uint64_t number);
