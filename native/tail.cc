#include "tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "memfd.h"

namespace sentry {

namespace {

constexpr off_t slack = 64 * 1024;  // so much is given back at once

}  // namespace

std::variant<Fd, Fault> open_tail() {
  const Fd made = memfd("sentry-tail");
  if (!made) return Fault{"memfd_create", errno, "tail"};
  const std::string path = "/proc/self/fd/" + std::to_string(made.get());
  Fd again(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!again) return Fault{"open", errno, path};
  return again;
}

Tail::Tail(Fd fd) noexcept : fd_(std::move(fd)) {
  struct stat about{};
  if (fstat(fd_.get(), &about) == 0) end_ = about.st_size;
  char last = '\n';
  if (end_ > 0 && pread(fd_.get(), &last, 1, end_ - 1) == 1 && last != '\n') append("\n");
}

// RLIMIT_FSIZE counts what was forgotten as well. So where it cannot grow it begins anew, and readers see a file that was
// truncated.
void Tail::append(std::string_view lines) noexcept {
  if (!write_at_end(lines)) {
    begin_anew();
    if (!write_at_end(lines)) begin_anew();  // a part of a line is no line
  }
  if (end_ - forgotten_ > kKeptTail + slack) forget();
}

bool Tail::write_at_end(std::string_view lines) noexcept {
  off_t at = end_;
  while (!lines.empty()) {
    const ssize_t n = pwrite(fd_.get(), lines.data(), lines.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    lines.remove_prefix(static_cast<size_t>(n));
  }
  end_ = at;
  return true;
}

void Tail::begin_anew() noexcept {
  if (ftruncate(fd_.get(), 0) == 0) end_ = forgotten_ = 0;
}

// From the beginning each time: a page of which only a part is forgotten is not given back, but zeroed there. Its rest
// comes with the next call, and how large pages are does not matter. What is a hole already costs nothing.
void Tail::forget() noexcept {
  forgotten_ = end_ - kKeptTail;
  fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, forgotten_);
}

}  // namespace sentry
