// A pump that tells lines, and what it has told.
#pragma once
#include <sys/ioctl.h>

#include <atomic>
#include <map>
#include <memory>

#include "printing.h"

namespace listening {

using namespace printing;

constexpr RunId kRun = 7;

class Listener {
 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int, std::vector<std::string>> told_;

 public:
  Listener() : pump(std::make_unique<Pump>(post())) {}

  Post post() {
    return [this, others = facts.post()](Fact fact) {
      auto* lines = std::get_if<LinesFact>(&fact);
      if (std::holds_alternative<FlushedFact>(fact)) flushed = true;
      if (!lines) return others(std::move(fact));
      const std::lock_guard lock(mutex_);
      told_[lines->stream].push_back(std::move(lines->text));
      changed_.notify_all();
    };
  }
  // All batches of that stream, once there are so many.
  std::vector<std::string> told(size_t wanted, int stream = 0) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kNever, [&] { return told_[stream].size() >= wanted; });
    return told_[stream];
  }
  std::string last(size_t wanted, int stream = 0) {
    const auto batches = told(wanted, stream);
    return batches.size() == wanted ? batches.back() : "not this many";
  }
  void see(int stream = 0) { pump->seen_lines(kRun, stream); }
  // All that was asked for is done, and the pipes have been looked at after it.
  bool settle() { return facts.flush(*pump) && facts.flush(*pump); }

  Facts facts;
  std::atomic<bool> flushed = false;
  std::unique_ptr<Pump> pump;  // its thread ends before the rest goes
};

// The write end of a stream of that run, whose lines are to be told.
inline Fd adopt(Pump& pump, int sink, int stream = 0, bool open = true) {
  Pipe pipe;
  pump.adopt({kRun, stream, std::move(pipe.out), sink, "a.1", 0, "", open, "", true});
  return std::move(pipe.in);
}

inline int queued(const Fd& pipe) {
  int bytes = 0;
  ioctl(pipe.get(), FIONREAD, &bytes);
  return bytes;
}

using Texts = std::vector<std::string>;

}  // namespace listening
