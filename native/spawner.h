// The threads that turn a Request into a Child or a Fault.
//
// A clone with vfork semantics holds its thread until the child has called exec: usually half a millisecond, but for
// ever where the program lies on a dead network mount. So there are several threads, off Node's event loop, and one
// that has been held for a second while others wait for a thread is replaced. (It ends when its exec returns.)
#pragma once
#include <functional>
#include <memory>

#include "cgroup.h"
#include "channels.h"
#include "fact.h"
#include "fd.h"
#include "keeper_link.h"
#include "plan.h"

namespace sentry {

// A process that has called exec. The read ends of its output are non-blocking; none where it goes to /dev/null, or to our
// own stdout or stderr.
struct Child {
  RunId run = 0;
  int pid = 0;
  Fd pidfd;
  Fd out;
  Fd err;
  int out_sink = 0;
  int err_sink = 0;
  bool tell_lines = false;
  std::string label;
  int slot = 0;
  std::string colour;
  int64_t inherited_rss = 0;  // bytes: a peak that is not above this may be that of the memory which called exec
  // Just before the clone. The moment of its exec, seen from here, can be later than its exit: this thread may not have
  // run for a while.
  Stamp at;
  uint64_t start_ticks = 0;  // identity.h; 0 where /proc does not say
  ino_t out_pipe = 0;        // the inode numbers of the pipes; 0 where there is none
  ino_t err_pipe = 0;
  std::string kept;           // the keeper has it under `pid `, `out ` and `err ` and this …
  uint64_t held_at = 0;       // … since that generation of keepers (keeper_link.h)
  std::string mark;           // its SENTRY_RUN
  std::string cgroup;         // its path, as /proc/PID/cgroup has it (cgroup.h); empty: it has none of its own
  Channels channels;
};

class Spawner {
 public:
  using Born = std::function<void(Child)>;
  static constexpr int kMostThreads = 64;  // with all replacements of held ones

  // `born` and `post` are called on the spawning threads: exactly one of them for each request, one call at a time.
  // What children are allowed of open files is `file_limit`, where their requests do not say it. With `cgroups` each is
  // born in one of its own; where that cannot be made, it is not started.
  Spawner(int threads, Born born, Post post, KeeperLink keeper,
          std::optional<FileLimit> file_limit = file_limit_before_node(), std::shared_ptr<const Cgroups> cgroups = nullptr);
  // Requests that no thread has taken are dropped. Waits for the threads that are not held in an exec; those that
  // are have all they need of their own, and end by themselves or with the process.
  ~Spawner();

  void spawn(Request request);

  // False if this run is not, or no longer, a start under way here. A start that waits for a thread is called off
  // (step "start", ECANCELED); one that is held in its exec is signalled.
  bool signal(RunId run, int signal);

  // Begins no start any more: requests wait. `quiet` is called once none is under way: at once, or on a spawning thread
  // after its `born`.
  void quiesce(std::function<void()> quiet);
  // What has waited begins.
  void go_on();

  // Does this while nothing is being born: after one `born`, or fault, and before the next.
  void between_births(const std::function<void()>& what);

  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

 private:
  struct Pool;
  std::shared_ptr<Pool> pool_;
};

}  // namespace sentry
