"""Time what a page computes, on this processor and on one that is slowed down."""

from playwright.sync_api import Page


def median_time(page: Page, work: str, slower: int, count: int = 15) -> float:
    """Return the median time of a function of the page, in milliseconds.

    Parameters
    ----------
    page : Page
    work : str
        A function of JavaScript, which is given the number of the run; a promise is waited for.
    slower : int
        How many times the processor is slowed down.
    count : int
        Runs, an odd number.
    """
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    found = page.evaluate(
        f"""async () => {{
          const times = [];
          for (let n = 0; n < {count}; n++) {{
            const began = performance.now();
            const pending = ({work})(n);
            if (pending instanceof Promise) await pending;
            times.push(performance.now() - began);
          }}
          return times.sort((a, b) => a - b)[{count // 2}];
        }}"""
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return float(found)
