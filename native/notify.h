// sd_notify(3), both ends of it: what a process says of itself, as lines in a datagram, to the Unix socket that
// NOTIFY_SOCKET names.
//
// Each run has a socket of its own, so the socket says which run is meant. systemd has one for all, and must look in /proc
// for who has sent: a sender that has ended by then, as `systemd-notify` has, belongs to nobody any more.
//
// The names are abstract (unix(7)): there is no file to remove, and no folder that every user would have to be let into.
// But then anybody on the host may send. So each datagram bears its sender's user, by the kernel's word (SO_PASSCRED), and
// is believed or not (notices.h).
//
// A sender may attach descriptors, for a service manager to store. Sentry stores none, and lets go of them at once (removal.h):
// that is also the answer to BARRIER=1, by which a sender waits until all that it has said before was read.
#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>
#include <variant>

#include "fault.h"
#include "fd.h"

namespace sentry {

// CLOEXEC, non-blocking, with that abstract name: at most 107 bytes, without the NUL in front.
std::variant<Fd, Fault> bind_notify(const std::string& name);

// The name that a socket is bound to; empty where it has none.
std::string notify_name(const Fd& socket);

struct Notice {
  int pid = 0;  // 0: of a sender outside of our pid namespace
  uid_t uid = 0;
  std::string text{};
  bool attached = false;  // with descriptors
};

// One datagram, which leaves the queue. Where descriptors are attached it does not: that is left to a Removal. Not usable:
// longer than 4096 bytes, empty, or with a NUL in it; systemd drops such as well.
enum class Received { nothing, unusable, notice };
Received receive_notice(const Fd& socket, Notice& notice);

// Sends one, to a path or to `@` and an abstract name. 0, or an errno: EAGAIN where the receiver has not read for long.
int send_notice(const std::string& socket, std::string_view text) noexcept;

}  // namespace sentry
