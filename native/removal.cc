#include "removal.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>

#include "detached.h"

namespace sentry {

struct Removal::State {
  Fd socket, wake;
  std::mutex mutex;
  std::condition_variable changed;
  bool is_done = false;

  void remove() {
    remove_first(socket);
    socket.reset();
    {
      const std::lock_guard lock(mutex);
      is_done = true;
    }
    changed.notify_all();
    eventfd_write(wake.get(), 1);
  }
};

Removal::Removal(const Fd& socket, int wake) : state_(std::make_shared<State>()) {
  state_->socket.reset(fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
  state_->wake.reset(fcntl(wake, F_DUPFD_CLOEXEC, 0));
  if (state_->socket && state_->wake && run_detached([state = state_] { state->remove(); })) return;
  remove_first(socket);
  state_->is_done = true;
}

bool Removal::done(Clock::time_point deadline) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_until(lock, deadline, [this] { return state_->is_done; });
}

bool remove_first(const Fd& socket) noexcept { return recv(socket.get(), nullptr, 0, MSG_DONTWAIT) >= 0; }

// After the shutdown nothing comes any more. Whoever else holds the socket, as the keeper does, may be the last to close it:
// then it has nothing to drop.
void dispose(Fd socket) {
  if (!socket) return;
  shutdown(socket.get(), SHUT_RD);
  char byte;
  if (recv(socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0) return;
  const auto owned = std::make_shared<Fd>(std::move(socket));
  const auto empty = [owned] { while (remove_first(*owned)) continue; };
  if (!run_detached(empty)) empty();
}

}  // namespace sentry
