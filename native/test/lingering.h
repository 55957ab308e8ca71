// A file whose last descriptor cannot be closed: a TCP socket that waits for a peer which does not read. socket(7)
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>

#include "speaking.h"

namespace lingering {

using namespace speaking;

// Whoever closes `sent` is held up for as long as `peer` is open.
struct Lingering {
  Fd sent, peer;
};

inline Lingering lingering() {
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const address = reinterpret_cast<sockaddr*>(&place);
  socklen_t size = sizeof place;
  const Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (bind(listener.get(), address, size) != 0 || listen(listener.get(), 1) != 0) return {};
  getsockname(listener.get(), address, &size);
  Lingering made{Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), {}};
  if (connect(made.sent.get(), address, size) != 0) return {};
  made.peer.reset(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const linger long_time{1, 60};
  setsockopt(made.sent.get(), SOL_SOCKET, SO_LINGER, &long_time, sizeof long_time);
  const std::string much(1 << 16, 'x');
  while (send(made.sent.get(), much.data(), much.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) continue;
  return made;
}

// Sends it away. The peer is left.
inline Fd say_lingering(const std::string& name, std::string_view text) {
  Lingering made = lingering();
  return say(name, text, made.sent.get()) ? std::move(made.peer) : Fd();
}

}  // namespace lingering
