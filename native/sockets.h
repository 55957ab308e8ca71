// Listening sockets. Node only ever gets their descriptors: it would choose mode and moment by itself, and remove a
// Unix socket's name that may by then be a successor's.
#pragma once
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "fault.h"
#include "fd.h"

namespace sentry {

// A listening Unix socket, and which file of the file system is its name.
struct UnixListener {
  Fd fd;
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;
};

// CLOEXEC, blocking; mode 0600 from the moment the name is there. A dead socket of our own in the way is removed, a
// live one is EADDRINUSE. The folder may not be a symlink. A path may be longer than unix(7)'s 107 bytes. `type` is
// that of socket(2).
std::variant<UnixListener, Fault> listen_unix(const std::string& path, int backlog, int type = SOCK_STREAM);

// Connects to what listens at a path, of any length. CLOEXEC, blocking, but no call on it for longer than `patience`:
// not the connect, with a listener that has stopped accepting, nor what is sent or received later.
std::variant<Fd, Fault> connect_unix(const std::string& path, int type, std::chrono::seconds patience);

// Removes the name, if it is still that socket's. To be called while `fd` is open: until then nobody else can be
// given its inode number. True if it was removed.
bool unlink_socket(const UnixListener& listener) noexcept;

// `host` is a numeric IPv4 or IPv6 address, "localhost", which is 127.0.0.1 without asking anybody (RFC 6761), or "*":
// all addresses of both families. Blocking: a process that is given the socket gets it as it would have made it itself.
std::variant<Fd, Fault> listen_tcp(const std::string& host, uint16_t port, int backlog);

struct Peer {
  pid_t pid;
  uid_t uid;
};

// Who connected: SO_PEERCRED of a connected Unix socket. unix(7).
std::optional<Peer> peer(int fd) noexcept;

}  // namespace sentry
