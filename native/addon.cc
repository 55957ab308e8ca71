// The functions that JavaScript sees, and no decisions. What each means is written once, in src/native/addon.ts, in the
// same order. Only this file and values.h know napi.h.
#include <dlfcn.h>
#include <fcntl.h>
#include <napi.h>

#include <cerrno>
#include <cstdlib>
#include <map>

#include "account.h"
#include "at_exit.h"
#include "host.h"
#include "lockfile.h"
#include "memfd.h"
#include "notify.h"
#include "proc.h"
#include "reexec.h"
#include "removal.h"
#include "sockets.h"
#include "tail.h"
#include "values.h"

namespace sentry {
namespace {

constexpr int kBacklog = 511;  // what Node itself asks for

// What belongs to one Node environment: the host between start() and stop() or detach(), and what has a name in the file
// system, by its path.
struct Instance {
  std::unique_ptr<Host> host;
  Napi::ThreadSafeFunction wake;
  int starts = 0;
  std::optional<Signals> signals;  // before start(), or left by detach(): they are noted
  KeeperLink keeper;
  std::map<std::string, LockFile> locks;
  std::map<std::string, UnixListener> sockets;

  // Runs before Node tears the thread-safe function down: clean-up hooks are called last in, first out.
  void stop() {
    signals.reset();
    if (!host) return;
    host.reset();
    wake.Release();
  }
};

Instance& instance(const Napi::CallbackInfo& info) { return *info.Env().GetInstanceData<Instance>(); }

// The host, or null with an exception pending.
Host* host(const Napi::CallbackInfo& info) {
  Host* running = instance(info).host.get();
  if (!running) Napi::Error::New(info.Env(), "start() has not been called").ThrowAsJavaScriptException();
  return running;
}

// `start`: which one asked for it. A call may still be waiting when its host has gone, and another has come.
void deliver(Napi::Env env, Napi::Function callback, Instance* self, int start) {
  if (!self->host || self->starts != start) return;
  const std::vector<Fact> facts = self->host->take_facts();
  if (facts.empty()) return;
  callback.Call({facts_array(env, facts)});
  // Of what is thrown here, Node would only warn. In a thread that is being terminated the exception has no value.
  napi_value thrown = nullptr;
  if (!env.IsExceptionPending()) return;
  napi_get_and_clear_last_exception(env, &thrown);
  if (thrown != nullptr) napi_fatal_exception(env, thrown);
}

// What was noted in this image is used before what an earlier one left: the descriptor of its signals is ours still.
Host::Inherited inherited_by(Instance& self, const Napi::Value& value) {
  Host::Inherited inherited = inherited_of(value);
  if (!self.signals) return inherited;
  if (inherited.signals_pipe.get() == self.signals->fd()) static_cast<void>(inherited.signals_pipe.release());
  inherited.signals.emplace(std::move(*self.signals));
  self.signals.reset();
  return inherited;
}

// One pass over /proc, on a thread of libuv's pool. It knows nothing of the instance, and holds nothing that could
// outlive an exec. An environment that ends waits for it or, if it has not begun, drops it.
class Sweep : public Napi::AsyncWorker {
 public:
  Sweep(Napi::Env env, std::vector<Root> roots)
      : AsyncWorker(env, "sentry sweep"), answer_(Napi::Promise::Deferred::New(env)), roots_(std::move(roots)) {}
  Napi::Promise answer() const { return answer_.Promise(); }

 protected:
  void Execute() override {
    auto listed = list_processes();
    if (auto* fault = std::get_if<Fault>(&listed)) fault_ = std::move(*fault);
    else found_ = consumption(std::get<std::vector<Process>>(listed), roots_);
  }
  void OnOK() override {
    if (fault_) answer_.Reject(fault_error(Env(), *fault_).Value());
    else answer_.Resolve(consumption_array(Env(), found_));
  }

 private:
  Napi::Promise::Deferred answer_;
  const std::vector<Root> roots_;
  std::vector<std::optional<Consumption>> found_;
  std::optional<Fault> fault_;
};

// ---- the functions, in the order of src/native/addon.ts

void note_signals(const Napi::CallbackInfo& info) {
  Instance& self = instance(info);
  if (self.host || self.signals) return;
  auto taken = Signals::take();
  if (const auto* fault = std::get_if<Fault>(&taken)) throw_fault(info.Env(), *fault);
  else self.signals.emplace(std::move(std::get<Signals>(taken)));
}

Napi::Value start(const Napi::CallbackInfo& info) {
  Instance& self = instance(info);
  Napi::Env env = info.Env();
  if (self.host) {
    Napi::Error::New(env, "start() has been called before").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const auto how = info[0].As<Napi::Object>();
  const Host::Options options{integer(how.Get("spawners")), true, how.Get("processEvents").ToBoolean(),
                              text_or_null(how.Get("cgroups")).value_or("")};
  self.wake = Napi::ThreadSafeFunction::New(env, info[1].As<Napi::Function>(), "sentry facts", 0, 1);
  env.AddCleanupHook([&self] { self.stop(); });
  const auto wake = [&self, start = ++self.starts] {
    self.wake.NonBlockingCall(
        [&self, start](Napi::Env env, Napi::Function callback) { deliver(env, callback, &self, start); });
  };
  self.host = std::make_unique<Host>(options, inherited_by(self, how.Get("inherited")), self.keeper, wake);
  const Host& host = *self.host;
  if (host.fault()) {
    throw_fault(env, *host.fault());
    self.stop();
    return Napi::Value();
  }
  auto missing = Napi::Object::New(env);
  missing.Set("processEvents", reason_or_null(env, host.events_fault()));
  missing.Set("cgroups", reason_or_null(env, host.cgroups_fault()));
  return missing;
}

void spawn(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->spawn(request_of(info[0].As<Napi::Object>()));
}

Napi::Value adopt(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return Napi::Value();
  return Napi::Boolean::New(info.Env(), running->adopt(adopted_of(info[0].As<Napi::Object>())));
}

// 0, with an exception pending, where there is no such signal.
int signal_of(const Napi::CallbackInfo& info, const Napi::Value& name) {
  const int number = signal_number(name.ToString().Utf8Value());
  if (number == 0)
    Napi::Error::New(info.Env(), "there is no signal " + name.ToString().Utf8Value()).ThrowAsJavaScriptException();
  return number;
}

void signal(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return;
  if (const int number = signal_of(info, info[1])) running->signal(long_integer(info[0]), number);
}

void end(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return;
  if (const int number = signal_of(info, info[1])) running->end(long_integer(info[0]), number, scope_of(info[2]));
}

void inspect(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->inspect(long_integer(info[0]), scope_of(info[1]));
}

void follow(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->follow(long_integer(info[0]), integer_or_null(info[1]));
}

void reap(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->reap(long_integer(info[0]));
}

void spare(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->spare(info[0].ToBoolean());
}

void hush(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->pump().hush(long_integer(info[0]));
}

void seen_lines(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->pump().seen_lines(long_integer(info[0]), integer(info[1]));
}

void set_alarm(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return;
  running->set_alarm(info[0].IsNumber() ? std::optional(long_integer(info[0])) : std::nullopt);
}

Napi::Value notify(const Napi::CallbackInfo& info) {
  const int error = send_notice(info[0].ToString().Utf8Value(), info[1].ToString().Utf8Value());
  return error != 0 ? Napi::Value(Napi::String::New(info.Env(), errno_name(error))) : info.Env().Null();
}

void strays(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->strays(long_integer(info[0]));
}

Napi::Value open_terminal(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return Napi::Value();
  const Format format = info[1].ToBoolean() ? Format::json : Format::shown;
  return Napi::Value::From(info.Env(), running->pump().open_terminal(integer(info[0]), format));
}

Napi::Value open_nowhere(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  return running ? Napi::Value::From(info.Env(), running->pump().open_nowhere()) : Napi::Value();
}

Napi::Value open_file(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return Napi::Value();
  const auto opened = running->pump().open_file(log_file_of(info[0].As<Napi::Object>()));
  if (const auto* sink = std::get_if<int>(&opened)) return Napi::Value::From(info.Env(), *sink);
  throw_fault(info.Env(), std::get<Fault>(opened));
  return Napi::Value();
}

void packed(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return;
  Fd original(fcntl(integer(info[1]), F_DUPFD_CLOEXEC, 0));
  if (original) running->pump().packed(integer(info[0]), std::move(original), info[2].ToString());
  else throw_fault(info.Env(), Fault{"dup", errno, "descriptor " + info[1].ToString().Utf8Value()});
}

void adopt_output(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->pump().adopt(intake_of(info[0].As<Napi::Object>()));
}

void owe(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->pump().owe(integer(info[0]), bytes_of(info[1]));
}

void say(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return;
  Line line;
  line.sink = integer(info[0]);
  line.wall_us = long_integer(info[1]);
  line.label = text_or_null(info[2]);
  line.colour = text_or_null(info[3]).value_or("");
  line.text = info[4].ToString();
  line.opens = info[5].IsNumber() ? long_integer(info[5]) : 0;
  line.closes = info[6].IsNumber() ? long_integer(info[6]) : 0;
  running->pump().say(std::move(line));
}

void flush(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->pump().flush(long_integer(info[0]));
}

void quiesce(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->quiesce(info[0].ToBoolean());
}

Napi::Value detach(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return Napi::Value();
  Instance& self = instance(info);
  Host::Left left = running->detach();
  const Napi::Object detached = detached_object(info.Env(), left);
  self.stop();
  if (left.signals) self.signals.emplace(std::move(*left.signals));
  return detached;
}

Napi::Value finish(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return Napi::Value();
  Instance& self = instance(info);
  Host::Finished left = running->finish();
  self.stop();
  if (left.signals) self.signals.emplace(std::move(*left.signals));
  return facts_array(info.Env(), left.facts);
}

void stop(const Napi::CallbackInfo& info) { instance(info).stop(); }

Napi::Value lock_file(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string path = info[0].ToString();
  auto locked = lock(path);
  if (auto* holder = std::get_if<Holder>(&locked)) return Napi::Number::New(env, holder->pid);
  if (auto* fault = std::get_if<Fault>(&locked)) throw_fault(env, *fault);
  else instance(info).locks.emplace(path, std::get<LockFile>(std::move(locked)));
  return env.Null();
}

// What has that path, or null with an exception pending.
template <typename Named>
Named* named(Napi::Env env, std::map<std::string, Named>& all, const std::string& path) {
  const auto found = all.find(path);
  if (found != all.end()) return &found->second;
  throw_fault(env, Fault{"descriptor", ENOENT, path});
  return nullptr;
}

Napi::Value lock_descriptor(const Napi::CallbackInfo& info) {
  const LockFile* lock = named(info.Env(), instance(info).locks, info[0].ToString());
  return lock ? Napi::Number::New(info.Env(), lock->descriptor()) : Napi::Value();
}

void inherit_lock(const Napi::CallbackInfo& info) {
  const std::string path = info[0].ToString();
  auto& locks = instance(info).locks;
  if (!locks.contains(path)) locks.emplace(path, LockFile(Fd(integer(info[1])), path));
}

Napi::Value remove_lock(const Napi::CallbackInfo& info) {
  auto found = instance(info).locks.extract(info[0].ToString());
  return Napi::Boolean::New(info.Env(), found && found.mapped().remove());
}

// Node owns and closes the descriptor that it is given; ours is a duplicate, so that it is never closed under it.
Napi::Value for_node(Napi::Env env, const Fd& fd) {
  const int duplicate = fcntl(fd.get(), F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) throw_fault(env, Fault{"dup", errno, "descriptor"});
  return Napi::Number::New(env, duplicate);
}

Napi::Value listen_on_unix(const Napi::CallbackInfo& info) {
  const std::string path = info[0].ToString();
  auto listening = listen_unix(path, kBacklog);
  if (auto* fault = std::get_if<Fault>(&listening)) {
    throw_fault(info.Env(), *fault);
    return Napi::Value();
  }
  auto& listener = std::get<UnixListener>(listening);
  const Napi::Value fd = for_node(info.Env(), listener.fd);
  if (info.Env().IsExceptionPending()) {
    unlink_socket(listener);
    return Napi::Value();
  }
  instance(info).sockets.emplace(path, std::move(listener));
  return fd;
}

Napi::Value socket_descriptor(const Napi::CallbackInfo& info) {
  const UnixListener* listener = named(info.Env(), instance(info).sockets, info[0].ToString());
  return listener ? Napi::Value(socket_object(info.Env(), *listener)) : Napi::Value();
}

Napi::Value inherit_socket(const Napi::CallbackInfo& info) {
  const std::string path = info[0].ToString();
  auto& sockets = instance(info).sockets;
  if (!sockets.contains(path)) sockets.emplace(path, listener_of(path, info[1].As<Napi::Object>()));
  return for_node(info.Env(), sockets.at(path).fd);
}

Napi::Value remove_socket(const Napi::CallbackInfo& info) {
  const auto found = instance(info).sockets.extract(info[0].ToString());
  return Napi::Boolean::New(info.Env(), found && unlink_socket(found.mapped()));
}

Napi::Value peer_of(const Napi::CallbackInfo& info) {
  const auto found = peer(integer(info[0]));
  if (!found) return info.Env().Null();
  auto object = Napi::Object::New(info.Env());
  object.Set("pid", found->pid);
  object.Set("uid", found->uid);
  return object;
}

Napi::Value listen_on_tcp(const Napi::CallbackInfo& info) {
  auto listening = listen_tcp(info[0].ToString(), static_cast<uint16_t>(integer(info[1])), kBacklog);
  if (auto* fd = std::get_if<Fd>(&listening)) return Napi::Number::New(info.Env(), fd->release());
  throw_fault(info.Env(), std::get<Fault>(listening));
  return Napi::Value();
}

Napi::Value duplicate(const Napi::CallbackInfo& info) {
  const int copy = fcntl(integer(info[0]), F_DUPFD_CLOEXEC, 0);
  if (copy >= 0) return Napi::Number::New(info.Env(), copy);
  throw_fault(info.Env(), Fault{"dup", errno, "descriptor " + info[0].ToString().Utf8Value()});
  return Napi::Value();
}

void close_fd(const Napi::CallbackInfo& info) {
  Fd fd(integer(info[0]));
  if (!notify_name(fd).empty()) dispose(std::move(fd));
}

Napi::Value take_keeper(const Napi::CallbackInfo& info) {
  Instance& self = instance(info);
  auto held = self.keeper.take(info[0].ToString());
  if (!held) return info.Env().Null();
  if (self.host) self.host->watch_keeper();
  return held_array(info.Env(), *held);
}

void start_keeper(const Napi::CallbackInfo& info) {
  Instance& self = instance(info);
  const std::string program = info[0].ToString(), path = info[1].ToString();
  const auto fault = self.host ? self.host->start_keeper(program, path) : self.keeper.start(program, path);
  if (fault) throw_fault(info.Env(), *fault);
}

Napi::Value keeper_descriptors(const Napi::CallbackInfo& info) {
  const KeeperLink& keeper = instance(info).keeper;
  if (keeper.descriptor() < 0) return info.Env().Null();
  auto object = Napi::Object::New(info.Env());
  object.Set("connection", keeper.descriptor());
  object.Set("process", keeper.process());
  return object;
}

void inherit_keeper(const Napi::CallbackInfo& info) {
  Instance& self = instance(info);
  const auto keeper = info[0].As<Napi::Object>();
  const int connection = integer(keeper.Get("connection"));
  if (connection != self.keeper.descriptor()) self.keeper.inherit(Fd(connection), Fd(integer(keeper.Get("process"))));
  if (self.host) self.host->watch_keeper();
}

void hold(const Napi::CallbackInfo& info) {
  instance(info).keeper.hold(info[0].ToString().Utf8Value(), integer(info[1]));
}

void release(const Napi::CallbackInfo& info) { instance(info).keeper.release(info[0].ToString().Utf8Value()); }

void end_keeper(const Napi::CallbackInfo& info) { instance(info).keeper.end(); }

Napi::Value memfd(const Napi::CallbackInfo& info) {
  auto made = sealed_memfd(info[0].ToString().Utf8Value());
  if (auto* fd = std::get_if<Fd>(&made)) return Napi::Number::New(info.Env(), fd->release());
  throw_fault(info.Env(), std::get<Fault>(made));
  return Napi::Value();
}

// The file that this addon was loaded from.
void exec(const Napi::CallbackInfo& info) {
  if (const auto& signals = instance(info).signals) signals->pass_on();
  throw_fault(info.Env(), exec_next({info[0].ToString(), texts(info[1]), integers(info[2]), info[3].ToString()}));
}

void close_on_exec(const Napi::CallbackInfo& info) {
  for (const int fd : integers(info[0])) set_close_on_exec(fd, true);
}

Napi::Value sweep(const Napi::CallbackInfo& info) {
  auto* work = new Sweep(info.Env(), roots_of(info[0]));  // deletes itself when it is done
  const Napi::Promise answer = work->answer();
  work->Queue();
  return answer;
}

Napi::Value new_tail(const Napi::CallbackInfo& info) {
  auto opened = open_tail();
  if (auto* fd = std::get_if<Fd>(&opened)) return Napi::Number::New(info.Env(), fd->release());
  throw_fault(info.Env(), std::get<Fault>(opened));
  return Napi::Value();
}

Napi::Value open_tailed(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return Napi::Value();
  Fd copy(fcntl(integer(info[1]), F_DUPFD_CLOEXEC, 0));
  if (copy) return Napi::Number::New(info.Env(), running->pump().open_tailed(integer(info[0]), std::move(copy)));
  throw_fault(info.Env(), Fault{"dup", errno, "descriptor " + info[1].ToString().Utf8Value()});
  return Napi::Value();
}

Napi::Value reopen_files(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return Napi::Value();
  int files = 0;
  const std::vector<Fault> faults = running->pump().reopen_files(files);
  return reopened_object(info.Env(), files, faults);
}

Napi::Value has_user(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), user_may_exist(info[0].ToString()));
}

Napi::Value has_group(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), group_may_exist(info[0].ToString()));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Instance);
  [[maybe_unused]] static const int once = std::atexit(leave_terminal);  // last in, first out: Node's own comes after it
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("noteSignals", note_signals);
  add("start", start);
  add("spawn", spawn);
  add("adopt", adopt);
  add("signal", signal);
  add("end", end);
  add("inspect", inspect);
  add("follow", follow);
  add("reap", reap);
  add("spare", spare);
  add("hush", hush);
  add("seenLines", seen_lines);
  add("setAlarm", set_alarm);
  add("notify", notify);
  add("strays", strays);
  add("openTerminal", open_terminal);
  add("openNowhere", open_nowhere);
  add("openFile", open_file);
  add("packed", packed);
  add("adoptOutput", adopt_output);
  add("owe", owe);
  add("say", say);
  add("flush", flush);
  add("quiesce", quiesce);
  add("detach", detach);
  add("finish", finish);
  add("stop", stop);
  add("lockFile", lock_file);
  add("lockDescriptor", lock_descriptor);
  add("inheritLock", inherit_lock);
  add("removeLock", remove_lock);
  add("listenUnix", listen_on_unix);
  add("socketDescriptor", socket_descriptor);
  add("inheritSocket", inherit_socket);
  add("removeSocket", remove_socket);
  add("peer", peer_of);
  add("listenTcp", listen_on_tcp);
  add("duplicate", duplicate);
  add("close", close_fd);
  add("takeKeeper", take_keeper);
  add("startKeeper", start_keeper);
  add("keeperDescriptors", keeper_descriptors);
  add("inheritKeeper", inherit_keeper);
  add("hold", hold);
  add("release", release);
  add("endKeeper", end_keeper);
  add("memfd", memfd);
  add("exec", exec);
  add("closeOnExec", close_on_exec);
  add("sweep", sweep);
  add("openTail", new_tail);
  add("openTailed", open_tailed);
  add("reopenFiles", reopen_files);
  add("userMayExist", has_user);
  add("groupMayExist", has_group);
  return exports;
}

}  // namespace

NODE_API_MODULE(sentry, init)

}  // namespace sentry
