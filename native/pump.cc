#include "pump.h"

#include <signal.h>

namespace sentry {

Pump::Pump(Post post) : output_(std::move(post), orders_) {
  if (fault()) return;
  // A thread begins with the mask of the one that starts it: no signal ever runs a handler in it.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { output_.run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Pump::~Pump() {
  if (!thread_.joinable()) return;
  orders_.put(Ending{});
  thread_.join();
}

int Pump::add(Sink sink) {
  const int number = ++sinks_;
  orders_.put(Opening{number, std::move(sink)});
  return number;
}

int Pump::open_terminal(int fd) { return add(Sink::terminal(fd)); }

std::variant<int, Fault> Pump::open_file(const std::string& path, bool raw) {
  auto opened = Sink::file(path, raw);
  if (auto* fault = std::get_if<Fault>(&opened)) return std::move(*fault);
  return add(std::move(std::get<Sink>(opened)));
}

void Pump::adopt(RunId run, Fd out, Fd err, int out_sink, int err_sink, std::string label, std::string colour) {
  orders_.put(Adoption{
      run, {std::move(out), std::move(err)}, {out_sink, err_sink}, std::move(label), std::move(colour)});
}

void Pump::say(Line line) { orders_.put(std::move(line)); }

void Pump::flush(int64_t token) { orders_.put(Flushing{token}); }

}  // namespace sentry
