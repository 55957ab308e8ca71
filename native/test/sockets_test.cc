#include "../sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "check.h"
#include "folder.h"

using namespace sentry;
namespace fs = std::filesystem;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat found{};
  return lstat(path.c_str(), &found) == 0 ? found.st_mode : 0;
}

int error_of(const std::variant<UnixListener, Fault>& result) {
  const auto* fault = std::get_if<Fault>(&result);
  return fault == nullptr ? 0 : fault->error;
}

int error_of(const std::variant<Fd, Fault>& result) {
  const auto* fault = std::get_if<Fault>(&result);
  return fault == nullptr ? 0 : fault->error;
}

// Connects to a Unix socket, by way of its folder's descriptor, so that any length will do.
Fd connect_to(const std::string& path) {
  const fs::path whole{path};
  const Fd folder{open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string detour = "/proc/self/fd/" + std::to_string(folder.get()) + "/" + whole.filename().string();
  std::strcpy(address.sun_path, detour.c_str());
  Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

}  // namespace

TEST("a Unix socket has mode 0600, whatever the umask, and can be connected to") {
  const Folder folder;
  const std::string path = folder.path + "/socket";
  const mode_t before = umask(0);
  auto made = listen_unix(path, 16);
  umask(before);
  REQUIRE(std::holds_alternative<UnixListener>(made));
  const auto& listener = std::get<UnixListener>(made);
  CHECK(mode_of(path) == (S_IFSOCK | 0600));
  CHECK((fcntl(listener.fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((fcntl(listener.fd.get(), F_GETFL) & O_NONBLOCK) == 0);
  const Fd client = connect_to(path);
  REQUIRE(client.get() >= 0);
  const Fd accepted{accept4(listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  const auto who = peer(accepted.get());
  REQUIRE(who.has_value());
  CHECK(who->pid == getpid() && who->uid == getuid());
}

TEST("a dead socket in the way is taken over, a live one is not") {
  const Folder folder;
  const std::string path = folder.path + "/socket";
  auto first = listen_unix(path, 1);
  REQUIRE(std::holds_alternative<UnixListener>(first));
  CHECK(error_of(listen_unix(path, 1)) == EADDRINUSE);
  // Not even with a full backlog, where a connect would have to wait.
  while (connect_to(path)) continue;
  CHECK(error_of(listen_unix(path, 1)) == EADDRINUSE);
  std::get<UnixListener>(first).fd.reset();
  auto second = listen_unix(path, 1);
  REQUIRE(std::holds_alternative<UnixListener>(second));
  CHECK(connect_to(path).get() >= 0);
}

TEST("what is no socket, or is a link to one, is left alone") {
  const Folder folder;
  const std::string file = folder.path + "/file", link = folder.path + "/link", dead = folder.path + "/dead";
  Fd{open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)};
  CHECK(error_of(listen_unix(file, 16)) == EADDRINUSE);
  CHECK(fs::is_regular_file(file));
  listen_unix(dead, 16);
  fs::create_symlink(dead, link);
  CHECK(error_of(listen_unix(link, 16)) == EADDRINUSE);
  CHECK(fs::is_symlink(link) && fs::is_socket(dead));
}

TEST("another user's dead socket is left alone") {
  if (geteuid() != 0) SKIP("only root can give a file away");
  const Folder folder;
  const std::string path = folder.path + "/socket";
  listen_unix(path, 16);
  REQUIRE(lchown(path.c_str(), 65534, 65534) == 0);
  CHECK(error_of(listen_unix(path, 16)) == EADDRINUSE);
  CHECK(fs::is_socket(path));
}

TEST("a path longer than an address can hold works all the same") {
  const Folder folder;
  const std::string deep = folder.path + "/" + std::string(150, 'd');
  fs::create_directory(deep);
  const std::string path = deep + "/socket";
  {
    auto made = listen_unix(path, 16);
    REQUIRE(std::holds_alternative<UnixListener>(made));
    CHECK(mode_of(path) == (S_IFSOCK | 0600));
    CHECK(connect_to(path).get() >= 0);
    CHECK(error_of(listen_unix(path, 16)) == EADDRINUSE);
  }
  auto again = listen_unix(path, 16);
  REQUIRE(std::holds_alternative<UnixListener>(again));
  CHECK(unlink_socket(std::get<UnixListener>(again)));
  CHECK(mode_of(path) == 0);
  CHECK(error_of(listen_unix(deep + "/" + std::string(200, 's'), 16)) == ENAMETOOLONG);
}

TEST("the longest path that an address holds, and one byte more, both work") {
  const Folder folder;
  for (const size_t length : {107u, 108u}) {
    const std::string path = folder.path + "/" + std::string(length - folder.path.size() - 1, 's');
    const auto made = listen_unix(path, 16);
    CHECK(error_of(made) == 0 && connect_to(path));
  }
}

TEST("a socket of another type is made, found and taken for alive by its own type") {
  const Folder folder;
  const std::string path = folder.path + "/socket";
  auto made = listen_unix(path, 1, SOCK_SEQPACKET);
  REQUIRE(std::holds_alternative<UnixListener>(made));
  CHECK(error_of(connect_unix(path, SOCK_STREAM, std::chrono::seconds(1))) == EPROTOTYPE);
  const auto connected = connect_unix(path, SOCK_SEQPACKET, std::chrono::seconds(1));
  REQUIRE(std::holds_alternative<Fd>(connected));
  const int fd = std::get<Fd>(connected).get();
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
  CHECK(error_of(listen_unix(path, 1)) == EADDRINUSE);
  std::get<UnixListener>(made).fd.reset();
  CHECK(error_of(connect_unix(path, SOCK_SEQPACKET, std::chrono::seconds(1))) == ECONNREFUSED);
  CHECK(error_of(connect_unix(folder.path + "/none", SOCK_SEQPACKET, std::chrono::seconds(1))) == ENOENT);
  CHECK(std::holds_alternative<UnixListener>(listen_unix(path, 1, SOCK_SEQPACKET)));
}

TEST("a connect to a listener that has stopped accepting is given up") {
  const Folder folder;
  const auto made = listen_unix(folder.path + "/socket", 1);
  REQUIRE(std::holds_alternative<UnixListener>(made));
  while (connect_to(folder.path + "/socket")) continue;
  CHECK(error_of(connect_unix(folder.path + "/socket", SOCK_STREAM, std::chrono::seconds(1))) == EAGAIN);
}

TEST("a folder that is missing, or a link, is a fault that names it") {
  const Folder folder;
  const auto missing = listen_unix(folder.path + "/none/socket", 16);
  CHECK(error_of(missing) == ENOENT && std::get<Fault>(missing).subject == folder.path + "/none");
  fs::create_directory(folder.path + "/real");
  fs::create_symlink("real", folder.path + "/link");
  CHECK(error_of(listen_unix(folder.path + "/link/socket", 16)) == ENOTDIR);
  CHECK(error_of(listen_unix(folder.path + "/", 16)) == EINVAL);
}

TEST("a name that is a successor's by now is not removed") {
  const Folder folder;
  const std::string path = folder.path + "/socket";
  auto first = listen_unix(path, 16);
  REQUIRE(std::holds_alternative<UnixListener>(first));
  unlink(path.c_str());
  auto second = listen_unix(path, 16);
  REQUIRE(std::holds_alternative<UnixListener>(second));
  CHECK(!unlink_socket(std::get<UnixListener>(first)));
  CHECK(fs::is_socket(path));
  CHECK(unlink_socket(std::get<UnixListener>(second)));
  CHECK(!unlink_socket(std::get<UnixListener>(second)));
}

TEST("TCP listens on IPv4, IPv6 and localhost, and says what is in use") {
  auto four = listen_tcp("127.0.0.1", 0, 16);
  REQUIRE(std::holds_alternative<Fd>(four));
  const int fd = std::get<Fd>(four).get();
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
  const uint16_t port = port_of(fd);
  CHECK(port != 0);
  const auto taken = listen_tcp("localhost", port, 16);
  CHECK(error_of(taken) == EADDRINUSE);
  REQUIRE(std::holds_alternative<Fault>(taken));
  CHECK(std::get<Fault>(taken).subject == "localhost:" + std::to_string(port));
  CHECK(std::strcmp(std::get<Fault>(taken).step, "bind") == 0);
  const auto six = listen_tcp("::1", port, 16);
  if (error_of(six) == EAFNOSUPPORT || error_of(six) == EADDRNOTAVAIL) SKIP("no IPv6 here");
  CHECK(std::holds_alternative<Fd>(six));  // the same port, beside IPv4
}

TEST("every IPv6 address is not every IPv4 address as well") {
  const auto six = listen_tcp("::", 0, 16);
  if (error_of(six) == EAFNOSUPPORT) SKIP("no IPv6 here");
  REQUIRE(std::holds_alternative<Fd>(six));
  CHECK(std::holds_alternative<Fd>(listen_tcp("0.0.0.0", port_of(std::get<Fd>(six).get()), 16)));
}

TEST("all addresses are those of both families") {
  const auto all = listen_tcp("*", 0, 16);
  REQUIRE(std::holds_alternative<Fd>(all));
  CHECK(error_of(listen_tcp("0.0.0.0", port_of(std::get<Fd>(all).get()), 16)) == EADDRINUSE);
}

TEST("a host that is a name is refused without asking a resolver") {
  char own_name[256] = "";
  gethostname(own_name, sizeof own_name - 1);
  // The second and third are usually in /etc/hosts.
  for (const std::string host : {"example.org", "ip6-localhost", static_cast<const char*>(own_name), "", " ", "[::1]"}) {
    const auto refused = listen_tcp(host, 0, 16);
    CHECK(error_of(refused) == EINVAL);
  }
}

TEST("a peer is known only where a Unix socket is connected") {
  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  const Fd one{pair[0]}, two{pair[1]};
  CHECK(peer(one.get()).has_value());
  const Fd alone{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  CHECK(!peer(alone.get()).has_value());
  CHECK(!peer(-1).has_value());
}
