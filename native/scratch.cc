#include "scratch.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace sentry {

namespace {

constexpr size_t worth_keeping = 1 << 16;  // an ordinary pipe, full

}  // namespace

bool Scratch::open() noexcept {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  out_.reset(ends[0]);
  in_.reset(ends[1]);
  capacity_ = fcntl(ends[1], F_GETPIPE_SZ);
  return true;
}

bool Scratch::fit(int capacity) noexcept {
  if (capacity == capacity_) return true;
  const int size = fcntl(in_.get(), F_SETPIPE_SZ, capacity);
  if (size > 0) capacity_ = size;
  return capacity_ >= capacity;
}

// A pipe is full by its slots, not by its bytes: 16 writes of a little more than half a page fill 64 KiB. tee copies
// slot by slot, so that a scratch pipe of the same size is full exactly when the pipe is.
std::optional<Scratch::Copy> Scratch::copy(int pipe, int capacity) {
  fit(capacity);
  const ssize_t n = tee(pipe, in_.get(), INT_MAX, SPLICE_F_NONBLOCK);
  if (n < 0) return std::nullopt;
  pollfd room{in_.get(), POLLOUT, 0};
  const bool full = poll(&room, 1, 0) == 0;
  const size_t size = static_cast<size_t>(n);
  if (bytes_.size() < size) bytes_.resize(size);
  take(out_.get(), size);
  return Copy{{bytes_.data(), size}, full};
}

void Scratch::take(int pipe, size_t count) noexcept {
  for (size_t done = 0; done < count;) {
    const ssize_t n = read(pipe, bytes_.data() + done, count - done);
    if (n == 0 || (n < 0 && errno != EINTR)) return;
    if (n > 0) done += static_cast<size_t>(n);
  }
}

void Scratch::shrink() {
  if (bytes_.size() <= worth_keeping) return;
  bytes_ = {};
  batch = {};
}

}  // namespace sentry
