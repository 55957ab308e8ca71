#include "tail.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace sentry {

namespace {

constexpr off_t slack = 64 * 1024;  // so much is given back at once
constexpr off_t page = 4096;        // of a larger one a part is overwritten with zeros: that is right as well

}  // namespace

std::variant<Fd, Fault> open_tail() {
  const Fd made(memfd_create("sentry-tail", MFD_CLOEXEC));
  if (!made) return Fault{"memfd_create", errno, "tail"};
  const std::string path = "/proc/self/fd/" + std::to_string(made.get());
  Fd again(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!again) return Fault{"open", errno, path};
  return again;
}

Tail::Tail(Fd fd) noexcept : fd_(std::move(fd)) {
  struct stat about{};
  if (fstat(fd_.get(), &about) == 0) end_ = about.st_size;
}

// RLIMIT_FSIZE counts what was forgotten as well. So where it cannot grow it begins anew, and readers see a file that was
// truncated.
void Tail::append(std::string_view lines) noexcept {
  if (!write_at_end(lines) && ftruncate(fd_.get(), 0) == 0) {
    end_ = forgotten_ = 0;
    write_at_end(lines);
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

void Tail::forget() noexcept {
  const off_t up_to = (end_ - kKeptTail) / page * page;
  fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, forgotten_, up_to - forgotten_);
  forgotten_ = up_to;
}

}  // namespace sentry
