// A real cluster for a test: `dure up` as a child, on ports nobody else uses, with its data in a folder of its own. The
// destructor stops it by its own pid. One thread.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace dure::test {

struct Finished {
  int exit_code = -1;  // 128 + signal if it died of one
  std::string output;  // both streams
};
// Runs the program to its end, killed after `limit`.
Finished run_dure(const std::vector<std::string>& arguments, std::chrono::seconds limit = std::chrono::seconds(60));

class ClusterProcess {
 public:
  // configs/local.toml or configs/all.toml, with its ports and folders replaced.
  // Program::kWithoutGame: the engine around an empty game.
  enum class Program { kDure, kWithoutGame };
  explicit ClusterProcess(const std::string& config_name, Program program = Program::kDure);
  ~ClusterProcess();
  ClusterProcess(const ClusterProcess&) = delete;

  const std::string& config() const { return config_; }
  const std::string& folder() const { return folder_; }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  // Starts `dure up ARGUMENTS`.
  void up(const std::vector<std::string>& arguments);
  // Waits until it has printed this. False: it ended or the time ran out.
  [[nodiscard]] bool printed(const std::string& text, std::chrono::seconds limit);
  // Waits for its end.
  [[nodiscard]] int wait(std::chrono::seconds limit);
  // TERM, then waits.
  [[nodiscard]] int stop(std::chrono::seconds limit = std::chrono::seconds(40));
  std::string output();

  // `dure status --json`, or null.
  nlohmann::json status();
  // Asks again until the condition holds.
  [[nodiscard]] bool until(std::chrono::seconds limit,
                           const std::function<bool(const nlohmann::json& status)>& condition);
  nlohmann::json report(const std::string& name);

 private:
  std::string program_, folder_, config_, output_file_;
  pid_t pid_ = -1;
};

}  // namespace dure::test
