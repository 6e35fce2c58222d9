// Shared libraries that are opened at run time, where they are.
#pragma once

#include <dlfcn.h>

#include <cstdlib>
#include <initializer_list>
#include <stdexcept>
#include <string>

namespace ctorch {

/// A library that may be missing; calls to it say so.
class Library {
 public:
  /// Opens the first of some names that is there, or the one that the environment's variable names.
  Library(std::string title, const char *variable, std::initializer_list<const char *> names)
      : title_(std::move(title)) {
    const char *given = variable ? std::getenv(variable) : nullptr;
    if (given) open(given);
    for (const char *name : names)
      if (!given && !handle_) open(name);
  }

  bool is_there() const { return handle_ != nullptr; }

  /// A function of it by its name.
  template <class F>
  F *function(const char *name) const {
    if (!handle_) throw std::runtime_error(title_ + " is not here: " + reason_);
    void *found = dlsym(handle_, name);
    if (!found) throw std::runtime_error(title_ + " has no " + name + ": another version is needed");
    return reinterpret_cast<F *>(found);
  }

 private:
  void open(const char *name) {
    handle_ = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!handle_) reason_ = dlerror();
  }

  std::string title_, reason_ = "no name to look for";
  void *handle_ = nullptr;
};

}  // namespace ctorch
