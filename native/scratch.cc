#include "scratch.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sentry {

namespace {

constexpr size_t worth_keeping = 1 << 16;  // an ordinary pipe, full
constexpr size_t last_page = 4096;

}  // namespace

bool Scratch::open() noexcept {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  out_.reset(ends[0]);
  in_.reset(ends[1]);
  capacity_ = fcntl(ends[1], F_GETPIPE_SZ);
  null_.reset(::open("/dev/null", O_WRONLY | O_CLOEXEC));  // where there is none, bytes are read to be thrown away
  return true;
}

bool Scratch::fit(int capacity) noexcept {
  if (capacity == capacity_) return true;
  const int size = fcntl(in_.get(), F_SETPIPE_SZ, capacity);
  if (size > 0) capacity_ = size;
  return capacity_ >= capacity;
}

std::optional<size_t> Scratch::tee_in(int pipe, int capacity, size_t most) noexcept {
  fit(capacity);
  const ssize_t n = tee(pipe, in_.get(), std::min<size_t>(most, INT_MAX), SPLICE_F_NONBLOCK);
  return n < 0 ? std::nullopt : std::optional(static_cast<size_t>(n));
}

// A pipe is full by its slots, not by its bytes: 16 writes of a little more than half a page fill 64 KiB. tee copies
// slot by slot, so that a scratch pipe of the same size is full exactly when the pipe is.
bool Scratch::has_room() const noexcept {
  pollfd room{in_.get(), POLLOUT, 0};
  return poll(&room, 1, 0) != 0;
}

void Scratch::read_out(size_t size) {
  if (bytes_.size() < size) bytes_.resize(size);
  for (size_t done = 0; done < size;) {
    const ssize_t n = read(out_.get(), bytes_.data() + done, size - done);
    if (n == 0 || (n < 0 && errno != EINTR)) return;
    if (n > 0) done += static_cast<size_t>(n);
  }
}

std::optional<Scratch::Copy> Scratch::copy(int pipe, int capacity) {
  const auto size = tee_in(pipe, capacity, INT_MAX);
  if (!size) return std::nullopt;
  const bool full = !has_room();
  read_out(*size);
  return Copy{{bytes_.data(), *size}, full};
}

std::optional<Scratch::Look> Scratch::look(int pipe, int capacity, size_t most) {
  const auto size = tee_in(pipe, capacity, most);
  if (!size) return std::nullopt;
  const size_t last = std::min(*size, last_page);
  if (*size > last) take(out_.get(), *size - last);
  read_out(last);
  const size_t newline = std::string_view(bytes_.data(), last).rfind('\n');
  return Look{*size, newline == std::string_view::npos ? 0 : *size - last + newline + 1};
}

bool Scratch::is_full(int pipe, int capacity) {
  const auto size = tee_in(pipe, capacity, INT_MAX);
  const bool full = size && !has_room();
  if (size) take(out_.get(), *size);
  return full;
}

ssize_t Scratch::take(int pipe, size_t count) noexcept {
  size_t done = 0;
  while (done < count) {
    ssize_t n = splice(pipe, nullptr, null_.get(), nullptr, count - done, SPLICE_F_NONBLOCK);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      char bytes[last_page];
      n = read(pipe, bytes, std::min(count - done, sizeof bytes));
    }
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return done > 0 ? static_cast<ssize_t>(done) : n;
    done += static_cast<size_t>(n);
  }
  return static_cast<ssize_t>(done);
}

void Scratch::shrink() {
  if (bytes_.size() <= worth_keeping) return;
  bytes_ = {};
  batch.clear();
}

}  // namespace sentry
