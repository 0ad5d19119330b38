// A real cluster for a test: `dure up` as a child, on ports nobody else uses, with its data in a folder of its own. The
// destructor stops it by its own pid; if the test is killed, it is told to stop. One thread.
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

// One that runs on, until it is told to stop; else the destructor kills it.
class RunningDure {
 public:
  RunningDure(const std::vector<std::string>& arguments, const std::string& output);
  ~RunningDure();
  RunningDure(const RunningDure&) = delete;
  [[nodiscard]] bool runs();
  // TERM, then waits; -1: it runs on, or had ended before.
  [[nodiscard]] int stop(std::chrono::seconds limit);

 private:
  pid_t pid_;
};

// For `--for`, of bots who play until the test has seen enough: how long that takes is the machine's affair.
inline constexpr const char* kUntilEnough = "10m";

// A port that was free a moment ago, another one at each call.
int free_port();
std::string text_of(const std::string& path);  // empty if there is no such file
// The first `what` by `by`; it must be there.
std::string replaced(std::string text, const std::string& what, const std::string& by);

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
  // The same in front of a terminal of 60 columns, on which one may type, and which can be shut.
  void up_on_terminal(const std::vector<std::string>& arguments);
  void type(const std::string& keys);
  void shut_terminal();
  pid_t pid() const { return pid_; }
  // Waits until it has printed this. False: it ended or the time ran out.
  [[nodiscard]] bool printed(const std::string& text, std::chrono::seconds limit);
  // Waits for its end.
  [[nodiscard]] int wait(std::chrono::seconds limit);
  // Tells its bots that it is enough: they go home as at the end of their `--for`, and the cluster ends with them.
  [[nodiscard]] int enough(std::chrono::seconds limit = std::chrono::seconds(120));
  // TERM, then waits.
  [[nodiscard]] int stop(std::chrono::seconds limit = std::chrono::seconds(40));
  std::string output();
  // What ASan, UBSan or TSan had to say of any of its processes; empty in a build without them.
  std::string sanitizer_reports();

  // `dure status --json`, or null.
  nlohmann::json status();
  // Of a node as the status knows it, or of "redis" or "bots" as the table shows it; 0: unknown.
  int pid_of(const std::string& name);
  // What still runs of this cluster: one command line each.
  std::vector<std::string> still_running() const;
  // Asks again until the condition holds.
  [[nodiscard]] bool until(std::chrono::seconds limit,
                           const std::function<bool(const nlohmann::json& status)>& condition);
  // So many players are in lobbies and dungeons.
  [[nodiscard]] bool until_players(int least, std::chrono::seconds limit = std::chrono::seconds(90));
  nlohmann::json report(const std::string& name);

 private:
  std::string program_, folder_, config_, output_file_;
  std::vector<std::string> up_arguments(const std::vector<std::string>& arguments) const;
  int reap_draining(std::chrono::steady_clock::time_point deadline);
  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string on_terminal_;
};

}  // namespace dure::test
