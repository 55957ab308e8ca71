// What runs say of themselves: datagrams of sd_notify(3), and the newline that says "ready" (the convention of s6).
// Belongs to the waiting thread.
//
// Who is believed: root; whoever owns the run's socket, which is the user that the run was started as; and the user that its
// process runs as by now, for some give up being root only after their start. All others are not heard.
//
// Nobody can make this thread busy, or the queue of facts long. A socket of which something was told is not read again until
// that was delivered to JavaScript: meanwhile the kernel's queue fills (unix(7), max_dgram_qlen), and then the sender
// waits. And whoever has sent a whole burst is not heard again for the rest of a tenth of a second.
//
// A datagram with descriptors is removed by a thread of its own (removal.h). Until it is gone, that socket is not read.
//
// What a run has said before it ended is told before its exit, also what others of it have said.
//
// After its newline the pipe is read on, and what comes is dropped: a program that goes on writing must not block, nor get
// SIGPIPE.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "fact.h"
#include "keeper_link.h"
#include "removal.h"
#include "wait_set.h"
#include "watched.h"

namespace sentry {

class Notices {
 public:
  using Kind = WaitSet::Kind;  // notify, or ready
  static constexpr int kBatch = 32;  // of them are told before any was delivered …
  static constexpr int kBurst = 32;  // … and so many are heard in a tenth of a second, but for one batch
  static constexpr int64_t kBurstUs = 100'000;

  // `wake`: an eventfd that wakes the thread, to call advance().
  Notices(Runs& runs, const WaitSet& wait_set, int wake, KeeperLink keeper, Post post)
      : runs_(runs), wait_set_(wait_set), wake_(wake), keeper_(std::move(keeper)), post_(std::move(post)) {}

  // From now on its channels are listened to.
  void listen_to(const Watched& process);
  // Something came there. Also of one that is not heard of any more.
  void look_at(Kind kind, RunId run);
  // JavaScript has what was told of that run.
  void delivered(RunId run);
  // It has ended: all that is there now, before the exit is told.
  void last_words(Watched& process);
  // Its run is over: the keeper is to let go as well.
  void forget(Watched& process);

  // Those that had to be silent for a while. In how many milliseconds this is to be called again; -1: it need not.
  int advance();

 private:
  struct Ear {
    bool open = false;     // it is in the wait set
    int heard = 0;         // so much …
    int64_t since_us = 0;  // … since then

    void count(int more) noexcept {
      const int64_t now_us = now().mono_us;
      if (now_us >= since_us + kBurstUs) *this = {open, 0, now_us};
      heard += more;
    }
    int64_t paused_until_us() const noexcept { return heard < kBurst ? 0 : since_us + kBurstUs; }
  };
  struct Ears {
    Ear notify, ready;
    bool newline = false;  // has been told
    std::optional<Removal> removal{};  // of the first datagram, which was told

    Ear& of(Kind kind) noexcept { return kind == Kind::notify ? notify : ready; }
    // Whether the socket may be read: it is waited for until then.
    bool are_free(Removal::Clock::time_point deadline = {}) {
      if (removal && removal->done(deadline)) removal.reset();
      return !removal;
    }
  };

  void listen(Kind kind, const Watched& process);
  int read_notices(Watched& process, int most, Removal::Clock::time_point deadline = {});
  void read_pipe(Watched& process);
  void close_pipe(Watched& process);
  static bool is_believed(const Watched& process, uid_t uid);

  Runs& runs_;
  const WaitSet& wait_set_;
  const int wake_;
  KeeperLink keeper_;
  const Post post_;
  std::unordered_map<RunId, Ears> ears_;
  std::set<std::pair<Kind, RunId>> paused_;
};

}  // namespace sentry
