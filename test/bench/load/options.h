// The arguments of the load generator: NAME=VALUE each.
#pragma once
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>

class Options {
 public:
  Options(int count, char** arguments) {
    for (int i = 0; i < count; i++) {
      std::string argument = arguments[i];
      size_t separator = argument.find('=');
      if (separator == std::string::npos) throw std::runtime_error("not NAME=VALUE: " + argument);
      values_[argument.substr(0, separator)] = argument.substr(separator + 1);
    }
  }

  std::string text(const std::string& name) const {
    auto found = values_.find(name);
    if (found == values_.end()) throw std::runtime_error("missing: " + name + "=");
    return found->second;
  }

  std::string text(const std::string& name, const std::string& otherwise) const {
    return values_.count(name) ? text(name) : otherwise;
  }

  double number(const std::string& name) const { return std::stod(text(name)); }

 private:
  std::map<std::string, std::string> values_;
};
