#include "place.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace sentry {

namespace {

std::string path_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

bool are_one(const struct stat& a, const struct stat& b) noexcept { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

}  // namespace

Place Place::given(int fd) {
  struct stat about{};
  if (fstat(fd, &about) != 0) return {};
  Fd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (S_ISREG(about.st_mode)) return {std::move(copy), Way::write};
  if (S_ISSOCK(about.st_mode)) return {std::move(copy), Way::send};
  Fd own(open(path_of(fd).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (own) return {std::move(own), Way::write};
  // Refused to open it again: after su(1) the terminal or pipe is another user's (EACCES), or there is no /proc. Then
  // poll(2) is asked before each write, and the write is so small that it fits where poll saw room: a pipe has PIPE_BUF
  // bytes free (pipe(7)), a pseudo-terminal 256, of which ONLCR may use two for a byte.
  const size_t chunk = S_ISFIFO(about.st_mode) ? PIPE_BUF : 128;
  return {std::move(copy), Way::careful, chunk};
}

std::variant<Place, Fault> Place::file(const std::string& path) {
  // O_NONBLOCK: a FIFO without a reader is refused (ENXIO) instead of waited for. Regular files ignore it.
  Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600));
  struct stat about{};
  if (!fd || fstat(fd.get(), &about) != 0) return Fault{"open", errno, path};
  return Place{std::move(fd), S_ISREG(about.st_mode) ? Way::at_end : Way::write};
}

off_t Place::end() const noexcept {
  struct stat about{};
  return fstat(fd_.get(), &about) == 0 ? about.st_size : 0;
}

// By its descriptor, which is for writing only: by now the path may be another file's.
bool Place::ends_in_half_a_line() const {
  if (!is_file()) return false;
  const off_t size = end();
  const Fd file(open(path_of(fd_.get()).c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC));
  char last = '\n';
  return size > 0 && file && pread(file.get(), &last, 1, size - 1) == 1 && last != '\n';
}

bool Place::stands_at(const std::string& path) const noexcept {
  struct stat own{}, its{};
  return fstat(fd_.get(), &own) == 0 && lstat(path.c_str(), &its) == 0 && are_one(own, its);
}

bool Place::is_same_as(const Fd& file) const noexcept {
  struct stat own{}, its{};
  return fstat(fd_.get(), &own) == 0 && fstat(file.get(), &its) == 0 && are_one(own, its);
}

// The thread that calls this has all signals blocked, so that EPIPE and EFBIG come without a death by SIGPIPE or
// SIGXFSZ, and a terminal with TOSTOP lets us write from the background.
ssize_t Place::write_once(std::string_view bytes) noexcept {
  switch (way_) {
    case Way::write: return write(fd_.get(), bytes.data(), bytes.size());
    case Way::at_end: return pwrite(fd_.get(), bytes.data(), bytes.size(), end());
    case Way::send: return send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    case Way::careful: break;
  }
  pollfd room{fd_.get(), POLLOUT, 0};
  if (poll(&room, 1, 0) == 0) {
    errno = EAGAIN;
    return -1;
  }
  return write(fd_.get(), bytes.data(), std::min(bytes.size(), chunk_));
}

ssize_t Place::splice_from(int pipe, size_t count) noexcept {
  loff_t to = end();
  const ssize_t n = splice(pipe, nullptr, fd_.get(), &to, count, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  if (n < 0 && errno == EINVAL) splices_ = false;
  return n;
}

}  // namespace sentry
