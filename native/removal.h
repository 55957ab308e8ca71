// How a datagram leaves its queue while nobody waits for that.
//
// Whoever sends one may attach descriptors (SCM_RIGHTS, unix(7)), and where a file is held by nobody else, to drop its
// descriptor is to close it. That may take for ever: a TCP socket waits for a peer that does not read (SO_LINGER, socket(7)),
// a file for its server. An abstract name can be sent to by every user of the host. So what may bear descriptors is removed
// by a thread of its own, which can hang without harm to anybody but its socket. Where the machine has no thread to give,
// or no descriptor, whoever asks does it.
//
// An end of this process is held up by none of it: a task that exits does not linger, nor does one that calls exec.
#pragma once
#include <chrono>
#include <memory>

#include "fd.h"

namespace sentry {

// Of the first datagram in that queue. Nobody else may remove any until it is done.
class Removal {
 public:
  using Clock = std::chrono::steady_clock;

  // `wake`: an eventfd, which is written to when it is done.
  Removal(const Fd& socket, int wake);
  // Waits for it until then.
  bool done(Clock::time_point deadline) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Where its first datagram bears no descriptors. False: there is none.
bool remove_first(const Fd& socket) noexcept;

// Closes a socket for good, with all that is in its queue, and for all who hold it: nobody can send to it any more.
void dispose(Fd socket);

}  // namespace sentry
