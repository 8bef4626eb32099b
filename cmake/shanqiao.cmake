# Build helpers shared by every folder: warnings, sanitizers, libraries, tests, fuzz targets.
include(GNUInstallDirs)
find_package(PkgConfig REQUIRED)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(SHANQIAO_SANITIZE "" CACHE STRING "Sanitizers to build with: empty, 'address,undefined' or 'thread'")
option(SHANQIAO_COVERAGE "Count executed lines (gcov)" OFF)
option(SHANQIAO_FUZZ "Build libFuzzer targets (needs clang)" OFF)

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(shanqiao_flags INTERFACE)
target_compile_options(shanqiao_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Werror -fno-omit-frame-pointer)
target_compile_definitions(shanqiao_flags INTERFACE _GNU_SOURCE)
target_include_directories(shanqiao_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
if(SHANQIAO_SANITIZE)
    target_compile_options(shanqiao_flags INTERFACE -fsanitize=${SHANQIAO_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(shanqiao_flags INTERFACE -fsanitize=${SHANQIAO_SANITIZE})
endif()
# Tests of sanitizer builds start through this: sanitizer runtimes of Debian 12 refuse kernels that randomise mappings
# by more than 28 bits, so tests run with fixed addresses where the kernel (or container) allows that.
set(SHANQIAO_LAUNCHER "")
if(SHANQIAO_SANITIZE)
    find_program(SETARCH setarch)
    if(SETARCH)
        execute_process(COMMAND ${SETARCH} -R true RESULT_VARIABLE setarch_refused OUTPUT_QUIET ERROR_QUIET)
        if(setarch_refused EQUAL 0)
            set(SHANQIAO_LAUNCHER ${SETARCH} -R)
        endif()
    endif()
endif()
if(SHANQIAO_FUZZ)
    target_compile_options(shanqiao_flags INTERFACE -fsanitize=fuzzer-no-link) # the fuzzer sees into our libraries
endif()
if(SHANQIAO_COVERAGE)
    target_compile_options(shanqiao_flags INTERFACE --coverage -O0)
    target_link_options(shanqiao_flags INTERFACE --coverage)
endif()

# shanqiao_package(NAME MODULE...): one imported target shanqiao::NAME from pkg-config.
function(shanqiao_package name)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${ARGN})
    add_library(shanqiao::${name} ALIAS PkgConfig::${name})
endfunction()

# Every outside library of the project, by the folder that may use it (ARCHITECTURE.md, dependencies).
shanqiao_package(yaml yaml-0.1)               # base
shanqiao_package(openssl openssl)             # rtc, signaling, client-lib/io, loadtest/signaling
shanqiao_package(srtp libsrtp2)               # rtc/srtp
shanqiao_package(nanomsg nanomsg)             # cluster
shanqiao_package(sodium libsodium)            # cluster, signaling
shanqiao_package(jansson jansson)             # inspect, relay/control, signaling, client-lib, loadtest
shanqiao_package(microhttpd libmicrohttpd)    # relay/metrics
shanqiao_package(websockets libwebsockets)    # signaling/ws, client-lib/io
shanqiao_package(uv libuv)                    # signaling/ws
shanqiao_package(sqlite sqlite3)              # signaling/store
shanqiao_package(pq libpq)                    # signaling/store
shanqiao_package(pango pangocairo)            # signaling/export
shanqiao_package(fontconfig fontconfig)       # signaling/export
shanqiao_package(zlib zlib)                   # signaling/export
shanqiao_package(curl libcurl)                # signaling/webhook, client-lib/io
shanqiao_package(dcmtk dcmtk)                 # inspect
shanqiao_package(biosig libbiosig)            # inspect
shanqiao_package(opus opus)                   # client-lib/audio
shanqiao_package(vpx vpx)                     # client-lib/video
shanqiao_package(speexdsp speexdsp)           # client-lib/audio
shanqiao_package(sdl2 sdl2)                   # client-lib/terminal
shanqiao_package(png libpng)                  # client-lib/terminal
shanqiao_package(sndfile sndfile)             # client-lib/terminal
shanqiao_package(criterion criterion)         # tests

# shanqiao_library(NAME SOURCES a.c b.c LIBS base shanqiao::openssl): a static library of ours.
function(shanqiao_library name)
    cmake_parse_arguments(A "" "" "SOURCES;LIBS" ${ARGN})
    add_library(${name} STATIC ${A_SOURCES})
    target_link_libraries(${name} PUBLIC shanqiao_flags ${A_LIBS})
endfunction()

# shanqiao_program(NAME SOURCES ... LIBS ...): an installed program.
function(shanqiao_program name)
    cmake_parse_arguments(A "" "" "SOURCES;LIBS" ${ARGN})
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE shanqiao_flags ${A_LIBS})
    # all in one place, as when installed: relay and signalling look for shanqiao-cluster beside themselves
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# shanqiao_test(NAME SOURCES ... LIBS ... [TIMEOUT s] [LABEL unit|sim|integration|oom]): one Criterion program, one ctest
# entry. A unit or oom test that uses signalling's store (signaling_people) runs a second time, labelled postgres, on a
# PostgreSQL server of its own.
function(shanqiao_test name)
    cmake_parse_arguments(A "" "TIMEOUT;LABEL" "SOURCES;LIBS" ${ARGN})
    if(NOT A_TIMEOUT)
        set(A_TIMEOUT 120)
    endif()
    if(NOT A_LABEL)
        set(A_LABEL unit)
    endif()
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE shanqiao_flags test_support ${A_LIBS})
    add_test(NAME ${name} COMMAND ${SHANQIAO_LAUNCHER} $<TARGET_FILE:${name}> WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${A_TIMEOUT} LABELS ${A_LABEL})
    if("signaling_people" IN_LIST A_LIBS AND A_LABEL MATCHES "^(unit|oom)$")
        find_program(POSTGRES_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
        math(EXPR timeout "4 * ${A_TIMEOUT}")
        add_test(NAME ${name}_postgres
                 COMMAND ${POSTGRES_PYTHON} -B ${PROJECT_SOURCE_DIR}/scripts/lib/postgres.py ${SHANQIAO_LAUNCHER} $<TARGET_FILE:${name}>
                 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
        set_tests_properties(${name}_postgres PROPERTIES TIMEOUT ${timeout} LABELS "${A_LABEL};postgres")
    endif()
endfunction()

# shanqiao_fuzz(NAME SOURCES fuzz_x.c LIBS ... CORPUS dir...): a libFuzzer target when built by clang with
# SHANQIAO_FUZZ, and in every build a replay of its corpus as a ctest entry.
function(shanqiao_fuzz name)
    cmake_parse_arguments(A "" "" "SOURCES;LIBS;CORPUS" ${ARGN})
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE shanqiao_flags ${A_LIBS})
    if(SHANQIAO_FUZZ)
        target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/replay_main.c)
        add_test(NAME ${name}_corpus COMMAND ${SHANQIAO_LAUNCHER} $<TARGET_FILE:${name}> ${A_CORPUS} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
        set_tests_properties(${name}_corpus PROPERTIES TIMEOUT 120 LABELS fuzz)
    endif()
endfunction()
