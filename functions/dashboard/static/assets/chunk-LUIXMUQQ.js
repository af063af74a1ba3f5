import{c as r,w as i,x as e}from"./chunk-3OLWTIEE.js";function m(s){let[c,n]=r(!1),a=async(o,t)=>{n(!0);try{await t(),i(o)}catch(u){e(u)}n(!1),s()};return{busy:c,act:(o,t)=>{a(o,t)}}}export{m as a};
