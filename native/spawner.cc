#include "spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "clone.h"
#include "detached.h"
#include "die_at.h"

namespace sentry {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kHeld = std::chrono::seconds(1);
constexpr int kSpareLanes = 4;  // low numbers for threads that replace held ones; later ones do without

void send(int pidfd, int signal) noexcept { syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0); }

std::string label_of(const Child& child) { return process_label(child.kept, child.pid); }

}  // namespace

// Shared by the threads and the Spawner, because a thread that is held in an exec may outlive the Spawner.
struct Spawner::Pool : std::enable_shared_from_this<Spawner::Pool> {
  struct Attempt {
    Clock::time_point since = Clock::now();
    Handle handle;
    bool replaced = false;  // another thread has taken this one's place
    int signal = 0;         // one that was asked for before there was a process to send it to
  };

  Pool(Born born_, Post post_, int threads_wanted, KeeperLink keeper_, std::optional<FileLimit> file_limit_,
       std::shared_ptr<const Cgroups> cgroups_)
      : born(std::move(born_)),
        post(std::move(post_)),
        keeper(std::move(keeper_)),
        file_limit(file_limit_),
        cgroups(std::move(cgroups_)),
        null(open("/dev/null", O_RDWR | O_CLOEXEC)) {
    for (int n = 0; n < threads_wanted + kSpareLanes; ++n) low_numbers.push_back(LowNumbers::reserve(null.get()));
  }

  bool add_thread() {
    if (!run_detached([pool = shared_from_this()] { pool->work(); })) return false;
    ++threads;
    return true;
  }

  LowNumbers low_set() {
    if (low_numbers.empty()) return {};
    LowNumbers pair = std::move(low_numbers.back());
    low_numbers.pop_back();
    return pair;
  }

  void work() {
    std::unique_lock lock(mutex);
    Lane lane(null.get(), low_set(), keeper, cgroups);
    bool replaced = false;
    while (!replaced) {
      ++idle;
      wanted.wait(lock, [this] { return ended || (!quiesced && !queue.empty()); });
      --idle;
      if (ended) break;
      Request request = std::move(queue.front());
      queue.pop_front();
      Attempt& attempt = under_way[request.run];
      if (must_be_watched()) watched.notify_one();
      lock.unlock();
      replaced = start(lane, std::move(request), attempt, lock);
    }
    low_numbers.push_back(lane.give_back());
    --threads;
    left.notify_all();
  }

  // Comes back with the lock held. Whether this thread has been replaced meanwhile.
  bool start(Lane& lane, Request request, Attempt& attempt, std::unique_lock<std::mutex>& lock) {
    const RunId run = request.run;
    auto planned = Plan::make(std::move(request), null.get(), file_limit);
    std::variant<Child, Fault> result;
    if (auto* plan = std::get_if<std::unique_ptr<Plan>>(&planned)) result = lane.clone(**plan, attempt.handle);
    else result = std::get<Fault>(std::move(planned));

    lock.lock();
    const bool replaced = attempt.replaced;
    const int signal = attempt.signal;
    Fd pidfd(attempt.handle.pidfd);  // not before the lock is held: signal() may be using the number
    under_way.erase(run);
    if (ended) return replaced;  // nobody is there to be told; the pipes close, the process is its own
    // Told with the lock held, so that a signal for this run finds it here, or where `born` has put it.
    if (auto* child = std::get_if<Child>(&result)) {
      child->pidfd = std::move(pidfd);
      if (signal != 0) send(child->pidfd.get(), signal);
      if (child->held_at != keeper.generation()) hold(*child);
      die_at("hold-process");
      born(std::move(*child));
      die_at("spawned");
    } else {
      post(FaultFact{run, std::get<Fault>(std::move(result)), now()});
    }
    if (quiet && under_way.empty()) std::exchange(quiet, nullptr)();
    return replaced;
  }

  // Another keeper than the one that was given its pipes before the clone.
  void hold(const Child& child) {
    const std::string out = "out " + child.kept, err = "err " + child.kept;
    keeper.hold({out, child.out.get()}, {err, child.err.get()});
    sentry::hold(keeper, child.kept, child.channels);
    keeper.hold(label_of(child), child.pidfd.get());
  }

  bool must_be_watched() const { return !quiesced && !queue.empty() && idle == 0 && threads < kMostThreads; }

  // Sleeps while there is nothing to replace: no request waits, or a thread is free for it.
  void replace_held() {
    std::unique_lock lock(mutex);
    while (!ended) {
      if (!must_be_watched()) {
        watched.wait(lock);
        continue;
      }
      Attempt* oldest = nullptr;
      for (auto& [run, attempt] : under_way)
        if (!attempt.replaced && (!oldest || attempt.since < oldest->since)) oldest = &attempt;
      if (!oldest) {
        watched.wait(lock);
      } else if (const auto due = oldest->since + kHeld; Clock::now() < due) {
        watched.wait_until(lock, due);
      } else if (add_thread()) {
        oldest->replaced = true;
      } else {
        oldest->since = Clock::now();  // no thread to be had: tried again in a second
      }
    }
  }

  const Born born;
  const Post post;
  KeeperLink keeper;
  const std::optional<FileLimit> file_limit;
  const std::shared_ptr<const Cgroups> cgroups;  // null: none
  const Fd null;  // every child's stdin

  std::mutex mutex;
  std::condition_variable wanted;   // a request, or the end
  std::condition_variable watched;  // something that replace_held() looks at has changed
  std::condition_variable left;     // a thread has ended
  std::deque<Request> queue;
  std::map<RunId, Attempt> under_way;
  std::vector<LowNumbers> low_numbers;
  int threads = 0;
  int idle = 0;
  bool quiesced = false;
  std::function<void()> quiet;  // to be called once nothing is under way
  bool ended = false;
};

Spawner::Spawner(int threads, Born born, Post post, KeeperLink keeper, std::optional<FileLimit> file_limit,
                 std::shared_ptr<const Cgroups> cgroups)
    : pool_(std::make_shared<Pool>(std::move(born), std::move(post), threads, std::move(keeper), file_limit,
                                   std::move(cgroups))) {
  std::lock_guard lock(pool_->mutex);
  for (int n = 0; n < threads; ++n) pool_->add_thread();
  run_detached([pool = pool_] { pool->replace_held(); });
}

Spawner::~Spawner() {
  std::unique_lock lock(pool_->mutex);
  pool_->ended = true;
  pool_->queue.clear();
  pool_->wanted.notify_all();
  pool_->watched.notify_all();
  pool_->left.wait(lock, [this] { return pool_->threads <= static_cast<int>(pool_->under_way.size()); });
}

void Spawner::spawn(Request request) {
  std::lock_guard lock(pool_->mutex);
  if (pool_->threads == 0 && !pool_->add_thread()) {
    pool_->post(FaultFact{request.run, Fault{"thread", EAGAIN, request.command}, now()});
    return;
  }
  pool_->queue.push_back(std::move(request));
  pool_->wanted.notify_one();
  if (pool_->must_be_watched()) pool_->watched.notify_one();
}

void Spawner::quiesce(std::function<void()> quiet) {
  std::lock_guard lock(pool_->mutex);
  pool_->quiesced = true;
  if (pool_->under_way.empty()) quiet();
  else pool_->quiet = std::move(quiet);
}

void Spawner::go_on() {
  std::lock_guard lock(pool_->mutex);
  pool_->quiesced = false;
  pool_->quiet = nullptr;
  pool_->wanted.notify_all();
  pool_->watched.notify_one();
}

void Spawner::between_births(const std::function<void()>& what) {
  std::lock_guard lock(pool_->mutex);
  what();
}

bool Spawner::signal(RunId run, int signal) {
  std::lock_guard lock(pool_->mutex);
  for (auto request = pool_->queue.begin(); request != pool_->queue.end(); ++request) {
    if (request->run != run) continue;
    Fault fault{"start", ECANCELED, request->command};
    pool_->queue.erase(request);
    pool_->post(FaultFact{run, std::move(fault), now()});
    return true;
  }
  const auto attempt = pool_->under_way.find(run);
  if (attempt == pool_->under_way.end()) return false;
  if (const int pidfd = attempt->second.handle.get(); pidfd >= 0) send(pidfd, signal);
  else attempt->second.signal = signal;
  return true;
}

}  // namespace sentry
