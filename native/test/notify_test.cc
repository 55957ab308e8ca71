// The ends of one socket: what it is called, and what is sent to whom.
#include "../notify.h"

#include "check.h"
#include "folder.h"
#include "speaking.h"

using namespace speaking;

namespace {

Fd bound(const std::string& name) {
  auto made = bind_notify(name);
  auto* socket = std::get_if<Fd>(&made);
  return socket ? std::move(*socket) : Fd();
}

}  // namespace

TEST("an abstract socket has its name, and is not to be had twice") {
  const std::string name = fresh_name(), longest = name + std::string(107 - name.size(), 'n');
  const Fd one = bound(name), other = bound(longest);
  REQUIRE(one && other);
  CHECK(notify_name(one) == name && notify_name(other) == longest);
  CHECK((fcntl(one.get(), F_GETFD) & FD_CLOEXEC) != 0);
  const auto again = bind_notify(name);
  REQUIRE(std::holds_alternative<Fault>(again));
  CHECK(std::get<Fault>(again).error == EADDRINUSE);
  CHECK(notify_name(Fd(open("/dev/null", O_RDONLY | O_CLOEXEC))).empty());
}

TEST("a message is sent to an abstract name and to a path, with who has sent it") {
  const std::string name = fresh_name();
  const Fd abstract = bound(name);
  CHECK(send_notice("@" + name, "READY=1\nSTATUS=all there") == 0);
  Notice notice;
  REQUIRE(receive_notice(abstract, notice) == Received::notice);
  CHECK(notice.text == "READY=1\nSTATUS=all there" && notice.pid == getpid() && notice.uid == geteuid());
  CHECK(receive_notice(abstract, notice) == Received::nothing);

  const Folder folder;
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  const std::string path = folder.path + "/notify";
  std::memcpy(place.sun_path, path.c_str(), path.size() + 1);
  const Fd file(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  REQUIRE(bind(file.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0);
  CHECK(send_notice(path, "STOPPING=1") == 0);
  char text[32] = {};
  CHECK(recv(file.get(), text, sizeof text, MSG_DONTWAIT) == 10 && std::string(text) == "STOPPING=1");
}

TEST("what cannot be sent says why, and nobody waits for a receiver that does not read") {
  CHECK(no_leaks([] {
    const std::string name = fresh_name();
    CHECK(send_notice("@" + name, "x") == ECONNREFUSED);
    CHECK(send_notice("/nonexistent/notify", "x") == ENOENT);
    CHECK(send_notice("vsock:2:1234", "x") == EAFNOSUPPORT);
    CHECK(send_notice("notify", "x") == EAFNOSUPPORT && send_notice("", "x") == EAFNOSUPPORT);
    CHECK(send_notice("/" + std::string(107, 'x'), "x") == ENAMETOOLONG && send_notice("@", "x") == ENAMETOOLONG);
    const Fd deaf = bound(name);
    int sent = 0, error = 0;
    while (sent < 10'000 && (error = send_notice("@" + name, "x")) == 0) ++sent;
    CHECK(error == EAGAIN && sent > 0);
  }));
}
