#include "notify.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <optional>

#include "removal.h"

namespace sentry {

namespace {

constexpr size_t kLongest = 4096;  // systemd's NOTIFY_BUFFER_MAX

struct Address {
  sockaddr_un place{};
  socklen_t size = 0;
  const sockaddr* generic() const noexcept { return reinterpret_cast<const sockaddr*>(&place); }
};

// An abstract name begins with a NUL, and ends where its length says; a path ends with a NUL. unix(7)
std::optional<Address> address_of(std::string_view name, bool abstract) noexcept {
  Address address;
  if (name.empty() || name.size() + 1 > sizeof address.place.sun_path) return std::nullopt;
  address.place.sun_family = AF_UNIX;
  std::memcpy(address.place.sun_path + (abstract ? 1 : 0), name.data(), name.size());
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1);
  return address;
}

Fd datagram_socket() noexcept { return Fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

}  // namespace

std::variant<Fd, Fault> bind_notify(const std::string& name) {
  const auto address = address_of(name, true);
  if (!address) return Fault{"notify", ENAMETOOLONG, "@" + name};
  Fd socket = datagram_socket();
  const int on = 1;
  // Before it has its name: what comes first must bear its sender's user as well.
  if (!socket || setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
      bind(socket.get(), address->generic(), address->size) != 0)
    return Fault{"notify", errno, "@" + name};
  return socket;
}

std::string notify_name(const Fd& socket) {
  sockaddr_un place{};
  socklen_t size = sizeof place;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&place), &size) != 0) return "";
  constexpr socklen_t before = offsetof(sockaddr_un, sun_path) + 1;
  if (place.sun_family != AF_UNIX || size <= before || place.sun_path[0] != '\0') return "";
  return std::string(place.sun_path + 1, size - before);
}

Received receive_notice(const Fd& socket, Notice& notice) {
  char text[kLongest];
  iovec part{text, sizeof text};
  // There is room for who it was and for nothing more: descriptors never get a number here, and are only told of (MSG_CTRUNC).
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(ucred))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  ssize_t length;
  do {
    length = recvmsg(socket.get(), &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return Received::nothing;
  notice = {};
  notice.attached = (message.msg_flags & MSG_CTRUNC) != 0;
  if (!notice.attached) remove_first(socket);

  const cmsghdr* who = CMSG_FIRSTHDR(&message);
  if (!who || who->cmsg_level != SOL_SOCKET || who->cmsg_type != SCM_CREDENTIALS) return Received::unusable;
  ucred sender;
  std::memcpy(&sender, CMSG_DATA(who), sizeof sender);
  std::string_view said(text, static_cast<size_t>(length));
  if (said.ends_with('\0')) said.remove_suffix(1);
  const bool whole = (message.msg_flags & MSG_TRUNC) == 0;
  if (!whole || said.empty() || said.find('\0') != std::string_view::npos) return Received::unusable;
  notice.pid = sender.pid;
  notice.uid = sender.uid;
  notice.text = said;
  return Received::notice;
}

int send_notice(const std::string& socket, std::string_view text) noexcept {
  const bool abstract = socket.starts_with('@');
  if (!abstract && !socket.starts_with('/')) return EAFNOSUPPORT;  // `vsock:`, which is for virtual machines
  const auto address = address_of(std::string_view(socket).substr(abstract ? 1 : 0), abstract);
  if (!address) return ENAMETOOLONG;
  const Fd own = datagram_socket();
  if (!own) return errno;
  const ssize_t sent =
      sendto(own.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT, address->generic(), address->size);
  return sent < 0 ? errno : 0;
}

}  // namespace sentry
