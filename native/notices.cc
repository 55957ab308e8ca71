#include "notices.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "identity.h"
#include "notify.h"

namespace sentry {

namespace {

// The kernel's queue holds max_dgram_qlen of them, which is 10 or, where systemd has raised it, 512. More than that can only
// be somebody who goes on sending after the exit.
constexpr int kLastWords = 1024;
constexpr std::chrono::milliseconds kPatience{10};  // of an exit, for a datagram that is being removed
constexpr int kReads = 16;
constexpr size_t kReadBytes = 4096;  // with kReads, a whole pipe: pipe(7)

}  // namespace

void Notices::listen_to(const Watched& process) {
  if (!process.channels.notify && !process.channels.ready) return;
  ears_.try_emplace(process.run);
  listen(Kind::notify, process);
  listen(Kind::ready, process);
}

// Once (EPOLLONESHOT): it is reported no more until it is listened to again.
void Notices::listen(Kind kind, const Watched& process) {
  const Fd& channel = kind == Kind::notify ? process.channels.notify : process.channels.ready;
  if (!channel) return;
  Ears& ears = ears_.at(process.run);
  Ear& ear = ears.of(kind);
  const int64_t now_us = now().mono_us;
  if (ear.paused_until_us() <= now_us && (kind == Kind::ready || ears.are_free())) {
    constexpr uint32_t once = EPOLLIN | EPOLLONESHOT;
    if (ear.open) return wait_set_.change(channel.get(), kind, process.run, once);
    ear.open = wait_set_.add(channel.get(), kind, process.run, once);
    if (ear.open) return;
    ear = {false, kBurst, now_us};  // there is no room in the wait set: tried again after a while
  }
  paused_.emplace(kind, process.run);
}

int Notices::advance() {
  if (paused_.empty()) return -1;
  for (const auto& [kind, run] : std::exchange(paused_, {})) listen(kind, runs_.at(run));
  int wait_ms = -1;
  const int64_t now_us = now().mono_us;
  for (const auto& [kind, run] : paused_) {
    Ears& ears = ears_.at(run);
    if (kind == Kind::notify && !ears.are_free()) continue;  // a removal, which wakes us
    const int64_t left_us = std::max<int64_t>(ears.of(kind).paused_until_us() - now_us, 0);
    wait_ms = sooner(wait_ms, static_cast<int>(left_us / 1000) + 1);
  }
  return wait_ms;
}

void Notices::look_at(Kind kind, RunId run) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return;
  Watched& process = found->second;
  if (kind == Kind::ready) read_pipe(process);
  const bool told = kind == Kind::notify && read_notices(process, kBatch) > 0;
  if (!told) listen(kind, process);
}

void Notices::delivered(RunId run) {
  const auto found = runs_.find(run);
  if (found != runs_.end()) listen(Kind::notify, found->second);
}

void Notices::last_words(Watched& process) {
  read_notices(process, kLastWords, Removal::Clock::now() + kPatience);
  read_pipe(process);
}

void Notices::forget(Watched& process) {
  for (const Fd* channel : {&process.channels.notify, &process.channels.ready})
    if (*channel) wait_set_.remove(channel->get());
  release(keeper_, process.kept, std::move(process.channels));
  ears_.erase(process.run);
  paused_.erase({Kind::notify, process.run});
  paused_.erase({Kind::ready, process.run});
}

// How many were told.
int Notices::read_notices(Watched& process, int most, Removal::Clock::time_point deadline) {
  const Fd& socket = process.channels.notify;
  if (!socket) return 0;
  Ears& ears = ears_.at(process.run);
  int read = 0, told = 0;
  Notice notice;
  for (; read < most && ears.are_free(deadline); ++read) {
    const Received received = receive_notice(socket, notice);
    if (received == Received::nothing) break;
    if (notice.attached) ears.removal.emplace(socket, wake_);
    if (received == Received::unusable || !is_believed(process, notice.uid)) continue;
    post_(NotifiedFact{process.run, notice.pid, notice.uid, std::move(notice.text)});
    ++told;
  }
  ears.notify.count(read);
  return told;
}

void Notices::read_pipe(Watched& process) {
  if (!process.channels.ready) return;
  Ears& ears = ears_.at(process.run);
  ears.ready.count(1);
  char text[kReadBytes];
  for (int n = 0; n < kReads; ++n) {
    const ssize_t length = read(process.channels.ready.get(), text, sizeof text);
    if (length == 0) return close_pipe(process);
    if (length < 0 && errno != EINTR) return;
    if (length < 0 || ears.newline || !std::memchr(text, '\n', static_cast<size_t>(length))) continue;
    ears.newline = true;
    post_(NewlineFact{process.run});
  }
}

// Nobody has its other end any more.
void Notices::close_pipe(Watched& process) {
  wait_set_.remove(process.channels.ready.get());
  release_ready(keeper_, process.kept);
  process.channels.ready.reset();
}

bool Notices::is_believed(const Watched& process, uid_t uid) {
  struct stat socket{};
  if (uid == 0 || (fstat(process.channels.notify.get(), &socket) == 0 && socket.st_uid == uid)) return true;
  return runs_as(process.pid, process.pidfd, uid);
}

}  // namespace sentry
