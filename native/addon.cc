// The only file that knows napi.h: values in, values out, no decisions. What each function means, and in what units, is
// written once, in src/native/addon.ts, in the same order.
#include <fcntl.h>
#include <napi.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <map>

#include "host.h"
#include "lockfile.h"
#include "sockets.h"

namespace sentry {
namespace {

// ---- values in

std::string text(const Napi::Object& object, const char* key) { return object.Get(key).ToString(); }

int integer(const Napi::Value& value) { return value.ToNumber().Int32Value(); }

std::optional<int> integer_or_null(const Napi::Object& object, const char* key) {
  const Napi::Value value = object.Get(key);
  return value.IsNumber() ? std::optional(integer(value)) : std::nullopt;
}

std::optional<std::string> text_or_null(const Napi::Value& value) {
  return value.IsString() ? std::optional(value.As<Napi::String>().Utf8Value()) : std::nullopt;
}

template <typename Take>
void for_each(const Napi::Value& list, Take take) {
  if (!list.IsArray()) return;
  const auto array = list.As<Napi::Array>();
  for (uint32_t n = 0; n < array.Length(); ++n) take(array.Get(n));
}

std::vector<std::string> texts(const Napi::Value& list) {
  std::vector<std::string> out;
  for_each(list, [&](const Napi::Value& value) { out.push_back(value.ToString()); });
  return out;
}

Request request_of(const Napi::Object& object) {
  Request request;
  request.run = object.Get("run").ToNumber().Int64Value();
  request.command = text(object, "command");
  request.argv = texts(object.Get("argv"));
  request.env = texts(object.Get("env"));
  request.cwd = text(object, "cwd");
  request.umask = integer_or_null(object, "umask");
  request.user = text_or_null(object.Get("user"));
  request.group = text_or_null(object.Get("group"));
  if (object.Get("groups").IsArray()) request.groups = texts(object.Get("groups"));
  request.nice = integer_or_null(object, "nice");
  request.oom_score_adj = integer_or_null(object, "oomScoreAdj");
  request.no_new_privileges = object.Get("noNewPrivileges").ToBoolean();
  for_each(object.Get("limits"), [&](const Napi::Value& value) {
    const auto limit = value.As<Napi::Array>();
    request.limits.push_back({limit.Get(0u).ToString(), limit.Get(1u).ToNumber().Int64Value(),
                              limit.Get(2u).ToNumber().Int64Value()});
  });
  for_each(object.Get("pass"), [&](const Napi::Value& fd) { request.pass.push_back(integer(fd)); });
  request.out_sink = integer(object.Get("stdout"));
  request.err_sink = integer(object.Get("stderr"));
  request.label = text(object, "label");
  request.colour = text_or_null(object.Get("colour")).value_or("");
  return request;
}

// ---- values out

double millis(int64_t micros) noexcept { return static_cast<double>(micros) / 1000; }

Napi::Object moment(Napi::Env env, const Stamp& at) {
  auto object = Napi::Object::New(env);
  object.Set("wall", static_cast<double>(at.wall_us));
  object.Set("mono", millis(at.mono_us));
  return object;
}

template <typename T>
Napi::Value or_null(Napi::Env env, bool there, const T& value) {
  return there ? Napi::Value::From(env, value) : env.Null();
}

// As a part of a sentence: "no such file or directory".
std::string words(int error) {
  std::string text = std::strerror(error);
  if (text.size() > 1 && std::islower(text[1])) text[0] = static_cast<char>(std::tolower(text[0]));
  return text;
}

Napi::Object fault_object(Napi::Env env, const Fault& fault) {
  auto object = Napi::Object::New(env);
  object.Set("step", fault.step);
  object.Set("errno", errno_name(fault.error));
  object.Set("message", words(fault.error));
  object.Set("subject", fault.subject);
  return object;
}

struct FactObject {
  Napi::Env env;

  Napi::Object operator()(const SpawnedFact& fact) const {
    auto object = of("spawned", fact.run);
    object.Set("pid", fact.pid);
    object.Set("at", moment(env, fact.at));
    return object;
  }
  Napi::Object operator()(const FaultFact& fact) const {
    auto object = fault_object(env, fact.fault);
    object.Set("kind", "fault");
    object.Set("run", static_cast<double>(fact.run));
    object.Set("at", moment(env, fact.at));
    return object;
  }
  Napi::Object operator()(const ExitFact& fact) const {
    const Exit& exit = fact.exit;
    auto object = of("exit", fact.run);
    object.Set("pid", exit.pid);
    object.Set("code", or_null(env, exit.code >= 0, exit.code));
    object.Set("signal", or_null(env, exit.signal != 0, signal_name(exit.signal)));
    object.Set("coreDumped", exit.core_dumped);
    object.Set("at", moment(env, exit.at));
    object.Set("kernelTime", exit.kernel_time);
    object.Set("userMs", millis(exit.user_us));
    object.Set("systemMs", millis(exit.system_us));
    object.Set("maxRssBytes", or_null(env, exit.max_rss >= 0, static_cast<double>(exit.max_rss)));
    return object;
  }
  Napi::Object operator()(const SignalFact& fact) const {
    auto object = Napi::Object::New(env);
    object.Set("kind", "signal");
    object.Set("signal", signal_name(fact.signal));
    object.Set("pid", fact.pid);
    object.Set("uid", fact.uid);
    object.Set("fromKernel", fact.from_kernel);
    object.Set("terminalGone", fact.terminal_gone);
    object.Set("at", moment(env, fact.at));
    return object;
  }
  Napi::Object operator()(const LostFact& fact) const {
    auto object = Napi::Object::New(env);
    object.Set("kind", "lost");
    object.Set("what", fact.what);
    object.Set("count", static_cast<double>(fact.count));
    return object;
  }
  Napi::Object operator()(const FlushedFact& fact) const {
    auto object = Napi::Object::New(env);
    object.Set("kind", "flushed");
    object.Set("token", static_cast<double>(fact.token));
    return object;
  }

  Napi::Object of(const char* kind, RunId run) const {
    auto object = Napi::Object::New(env);
    object.Set("kind", kind);
    object.Set("run", static_cast<double>(run));
    return object;
  }
};

void throw_fault(Napi::Env env, const Fault& fault) {
  const std::string message = fault.subject + ": " + fault.step + ": " + errno_name(fault.error) + " (" +
                              words(fault.error) + ")";
  auto error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, errno_name(fault.error)));
  error.ThrowAsJavaScriptException();
}

// ---- the functions, in the order of src/native/addon.ts

constexpr int kBacklog = 511;  // what Node itself asks for

// What belongs to one Node environment: the host between start() and stop(), and what has a name in the file system,
// by its path.
struct Instance {
  std::unique_ptr<Host> host;
  Napi::ThreadSafeFunction wake;
  std::map<std::string, LockFile> locks;
  std::map<std::string, UnixListener> sockets;

  // Runs before Node tears the thread-safe function down: clean-up hooks are called last in, first out.
  void stop() {
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

void deliver(Napi::Env env, Napi::Function callback, Instance* self) {
  if (!self->host) return;
  const std::vector<Fact> facts = self->host->take_facts();
  if (facts.empty()) return;
  auto batch = Napi::Array::New(env, facts.size());
  for (uint32_t n = 0; n < facts.size(); ++n) batch.Set(n, std::visit(FactObject{env}, facts[n]));
  callback.Call({batch});
  // Of what is thrown here, Node would only warn. In a thread that is being terminated the exception has no value.
  napi_value thrown = nullptr;
  if (!env.IsExceptionPending()) return;
  napi_get_and_clear_last_exception(env, &thrown);
  if (thrown != nullptr) napi_fatal_exception(env, thrown);
}

Napi::Value start(const Napi::CallbackInfo& info) {
  Instance& self = instance(info);
  Napi::Env env = info.Env();
  if (self.host) {
    Napi::Error::New(env, "start() has been called before").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  self.wake = Napi::ThreadSafeFunction::New(env, info[2].As<Napi::Function>(), "sentry facts", 0, 1);
  env.AddCleanupHook([&self] { self.stop(); });
  const bool process_events = info[1].ToBoolean();
  self.host = std::make_unique<Host>(Host::Options{integer(info[0]), true, process_events}, [&self] {
    self.wake.NonBlockingCall([&self](Napi::Env env, Napi::Function callback) { deliver(env, callback, &self); });
  });
  const Host& host = *self.host;
  if (host.fault()) {
    throw_fault(env, *host.fault());
    self.stop();
    return Napi::Value();
  }
  const auto& fault = host.events_fault();
  if (!fault) return env.Null();
  return Napi::String::New(env, fault->subject.empty() ? words(fault->error) : fault->subject);
}

void spawn(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->spawn(request_of(info[0].As<Napi::Object>()));
}

void signal(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return;
  const int number = signal_number(info[1].ToString().Utf8Value());
  if (number == 0) {
    Napi::Error::New(info.Env(), "there is no signal " + info[1].ToString().Utf8Value()).ThrowAsJavaScriptException();
    return;
  }
  running->signal(info[0].ToNumber().Int64Value(), number, info[2].ToString().Utf8Value() == "group");
}

void reap(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->reap(info[0].ToNumber().Int64Value());
}

Napi::Value open_terminal(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  return running ? Napi::Value::From(info.Env(), running->pump().open_terminal(integer(info[0]))) : Napi::Value();
}

Napi::Value open_file(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return Napi::Value();
  const auto opened = running->pump().open_file(info[0].ToString(), info[1].ToBoolean());
  if (const auto* sink = std::get_if<int>(&opened)) return Napi::Value::From(info.Env(), *sink);
  throw_fault(info.Env(), std::get<Fault>(opened));
  return Napi::Value();
}

void say(const Napi::CallbackInfo& info) {
  Host* running = host(info);
  if (!running) return;
  Line line;
  line.sink = integer(info[0]);
  line.wall_us = info[1].ToNumber().Int64Value();
  line.label = text_or_null(info[2]);
  line.colour = text_or_null(info[3]).value_or("");
  line.text = info[4].ToString();
  line.opens = info[5].IsNumber() ? info[5].ToNumber().Int64Value() : 0;
  line.closes = info[6].IsNumber() ? info[6].ToNumber().Int64Value() : 0;
  running->pump().say(std::move(line));
}

void flush(const Napi::CallbackInfo& info) {
  if (Host* running = host(info)) running->pump().flush(info[0].ToNumber().Int64Value());
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

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Instance);
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("start", start);
  add("spawn", spawn);
  add("signal", signal);
  add("reap", reap);
  add("openTerminal", open_terminal);
  add("openFile", open_file);
  add("say", say);
  add("flush", flush);
  add("stop", stop);
  add("lockFile", lock_file);
  add("removeLock", remove_lock);
  add("listenUnix", listen_on_unix);
  add("removeSocket", remove_socket);
  add("peer", peer_of);
  add("listenTcp", listen_on_tcp);
  return exports;
}

}  // namespace

NODE_API_MODULE(sentry, init)

}  // namespace sentry
