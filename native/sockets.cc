#include "sockets.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace sentry {

namespace {

// A path taken apart. The folder is held open, so that looking, removing and binding are about one and the same.
// `address` is good for as long as it is.
struct Place {
  Fd folder;
  std::string name;
  sockaddr_un address{};
};

// `step` is what it is wanted for: a path that cannot be an address is a fault of that.
std::variant<Place, Fault> place_of(const char* step, const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  Place place;
  place.name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (place.name.empty()) return Fault{step, EINVAL, path};
  place.folder = Fd{open(parent.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!place.folder) return Fault{"open", errno, parent};

  // Where it does not fit, its folder gets a short name by way of /proc. Otherwise the path as it is: ss(8) shows it.
  std::string text = path;
  if (text.size() >= sizeof place.address.sun_path)
    text = "/proc/self/fd/" + std::to_string(place.folder.get()) + "/" + place.name;
  if (text.size() >= sizeof place.address.sun_path) return Fault{step, ENAMETOOLONG, path};
  place.address.sun_family = AF_UNIX;
  std::memcpy(place.address.sun_path, text.c_str(), text.size() + 1);
  return place;
}

Fd unix_socket(int type) noexcept { return Fd{socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)}; }

const sockaddr* generic(const sockaddr_un& address) noexcept { return reinterpret_cast<const sockaddr*>(&address); }

// Removes what is left of a listener that died: a socket, ours, at which nobody answers.
bool remove_dead(const Place& place) noexcept {
  struct stat found{};
  if (fstatat(place.folder.get(), place.name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
  if (!S_ISSOCK(found.st_mode) || found.st_uid != geteuid()) return false;
  const Fd probe = unix_socket(SOCK_STREAM);
  if (!probe || connect(probe.get(), generic(place.address), sizeof place.address) == 0) return false;
  // EAGAIN would be a live one with a full backlog, EPROTOTYPE a live one of another type.
  return errno == ECONNREFUSED && unlinkat(place.folder.get(), place.name.c_str(), 0) == 0;
}

std::string host_and_port(const std::string& host, uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

}  // namespace

std::variant<UnixListener, Fault> listen_unix(const std::string& path, int backlog, int type) {
  auto found = place_of("bind", path);
  if (auto* fault = std::get_if<Fault>(&found)) return std::move(*fault);
  const Place& place = std::get<Place>(found);

  UnixListener listener{unix_socket(type), path};
  const int fd = listener.fd.get();
  if (fd < 0) return Fault{"socket", errno, path};
  // The file that bind(2) makes gets the socket's own mode, less the umask: no moment in which others could connect.
  if (fchmod(fd, 0600) != 0) return Fault{"mode", errno, path};
  const auto bind_here = [&] { return bind(fd, generic(place.address), sizeof place.address) == 0; };
  if (!bind_here()) {
    if (errno != EADDRINUSE) return Fault{"bind", errno, path};
    if (!remove_dead(place)) return Fault{"bind", EADDRINUSE, path};
    if (!bind_here()) return Fault{"bind", errno, path};
  }
  struct stat made{};
  if (fstatat(place.folder.get(), place.name.c_str(), &made, AT_SYMLINK_NOFOLLOW) != 0)
    return Fault{"bind", errno, path};
  listener.device = made.st_dev;
  listener.inode = made.st_ino;
  if (listen(fd, backlog) != 0) {
    const int error = errno;
    unlink_socket(listener);
    return Fault{"listen", error, path};
  }
  fcntl(fd, F_SETFL, 0);  // only looking for a dead socket in the way must not block
  return listener;
}

std::variant<Fd, Fault> connect_unix(const std::string& path, int type, std::chrono::seconds patience) {
  auto found = place_of("connect", path);
  if (auto* fault = std::get_if<Fault>(&found)) return std::move(*fault);
  const Place& place = std::get<Place>(found);

  Fd fd = unix_socket(type);
  if (!fd) return Fault{"socket", errno, path};
  const timeval most{static_cast<time_t>(patience.count()), 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  fcntl(fd.get(), F_SETFL, 0);
  if (connect(fd.get(), generic(place.address), sizeof place.address) != 0) return Fault{"connect", errno, path};
  return fd;
}

bool unlink_socket(const UnixListener& listener) noexcept {
  struct stat found{};
  if (lstat(listener.path.c_str(), &found) != 0) return false;
  if (found.st_dev != listener.device || found.st_ino != listener.inode) return false;
  return unlink(listener.path.c_str()) == 0;
}

std::variant<Fd, Fault> listen_tcp(const std::string& host, uint16_t port, int backlog) {
  const std::string subject = host_and_port(host, port);
  addrinfo wanted{};
  wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const bool all = host == "*";
  const std::string numeric = all ? "::" : host == "localhost" ? "127.0.0.1" : host;
  if (getaddrinfo(numeric.c_str(), std::to_string(port).c_str(), &wanted, &list) != 0)
    return Fault{"address", EINVAL, subject};
  const std::unique_ptr<addrinfo, FreeAddresses> address{list};

  Fd fd{socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd && all && errno == EAFNOSUPPORT) return listen_tcp("0.0.0.0", port, backlog);  // a host without IPv6
  if (!fd) return Fault{"socket", errno, subject};
  const int on = 1;
  // So that connections of a former listener, still in TIME_WAIT, are no reason to refuse. socket(7).
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // "::" is IPv6 and nothing else, and "*" both, whatever the host's default: ipv6(7), bindv6only.
  const int v6_only = all ? 0 : 1;
  if (address->ai_family == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  if (bind(fd.get(), address->ai_addr, address->ai_addrlen) != 0) {
    if (all && errno == EADDRNOTAVAIL) return listen_tcp("0.0.0.0", port, backlog);  // IPv6 is there, but switched off
    return Fault{"bind", errno, subject};
  }
  if (listen(fd.get(), backlog) != 0) return Fault{"listen", errno, subject};
  return fd;
}

std::optional<Peer> peer(int fd) noexcept {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  if (credentials.pid == 0) return std::nullopt;  // not connected, or no Unix socket
  return Peer{credentials.pid, credentials.uid};
}

}  // namespace sentry
